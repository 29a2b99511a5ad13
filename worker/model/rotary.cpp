#include "worker/model/rotary.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace layersweep {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// x [tokens, heads, width] turned, into `out` of the same shape. `sine` of the other sign turns back.
void turn(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine, const at::Tensor& out) {
    const auto half = x.size(2) / 2;
    const auto first = x.narrow(2, 0, half), second = x.narrow(2, half, half);
    auto out_first = out.narrow(2, 0, half), out_second = out.narrow(2, half, half);
    at::mul_out(out_first, first, cosine).addcmul_(second, sine, -1);
    at::mul_out(out_second, second, cosine).addcmul_(first, sine);
}

/// [tokens, kv_heads, heads / kv_heads, width] of one part: queries side by side with those that share keys and values with them.
at::Tensor by_kv_head(const at::Tensor& all, std::int64_t part, std::int64_t kv_heads) {
    return all.select(1, part).unflatten(1, {kv_heads, all.size(2) / kv_heads});
}

class AttentionHeads : public Function<AttentionHeads> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& product, const Heads& heads, const Rotation& rotation) {
        context->save_for_backward({rotation.cosine, rotation.sine});
        context->saved_data["parts"] = std::int64_t(heads.parts);
        context->saved_data["kv_heads"] = heads.kv_heads;
        return spread(product, heads, rotation);
    }

    static at::Tensor spread(const at::Tensor& product, const Heads& heads, const Rotation& rotation) {
        const auto x = product.view({product.size(0), -1, heads.width});
        auto out = at::empty({x.size(0), std::int64_t(heads.parts), heads.heads, heads.width}, x.options());
        const auto put = [&](const at::Tensor& part, const at::Tensor& place, bool turns) {
            if (turns && rotation.cosine.defined())
                turn(part, rotation.cosine, rotation.sine, place);
            else
                place.copy_(part);
        };
        std::int64_t part = 0, first = 0;
        if (heads.parts != Heads::keys_values) {
            put(x.narrow(1, 0, heads.heads), out.select(1, part++), true);
            first = heads.heads;
        }
        for (const bool turns : {true, false}) {
            if (heads.parts == Heads::queries) break;
            const auto place = by_kv_head(out, part++, heads.kv_heads);
            put(x.narrow(1, first, heads.kv_heads), place.select(2, 0), turns);
            const auto others = place.size(2) - 1;
            if (others > 0) place.narrow(2, 1, others).copy_(place.narrow(2, 0, 1).expand({-1, -1, others, -1}));
            first += heads.kv_heads;
        }
        return out;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto& dy = gradients.front();
        const auto kept = context->get_saved_variables();
        const auto parts = context->saved_data["parts"].toInt(), kv_heads = context->saved_data["kv_heads"].toInt();
        const auto heads = dy.size(2);
        const bool has_queries = parts != Heads::keys_values, has_keys = parts != Heads::queries;
        auto dx = at::empty({dy.size(0), (has_queries ? heads : 0) + (has_keys ? 2 * kv_heads : 0), dy.size(3)}, dy.options());
        const auto put = [&](const at::Tensor& part, const at::Tensor& place, bool turned) {
            if (turned && kept[0].defined())
                turn(part, kept[0], kept[1].neg(), place);
            else
                place.copy_(part);
        };
        std::int64_t part = 0, first = 0;
        if (has_queries) {
            put(dy.select(1, part++), dx.narrow(1, 0, heads), true);
            first = heads;
        }
        for (const bool turned : {true, false}) {
            if (!has_keys) break;
            put(by_kv_head(dy, part++, kv_heads).sum(2), dx.narrow(1, first, kv_heads), turned);
            first += kv_heads;
        }
        return {dx.flatten(1), {}, {}};
    }
};

}  // namespace

Rotation Rotation::of(const at::Tensor& tokens) const {
    if (!cosine.defined()) return {};
    return {cosine.index_select(0, tokens), sine.index_select(0, tokens)};
}

Rotation rotation_at(const at::Tensor& positions, std::int64_t width, double base, at::ScalarType type) {
    const auto options = positions.options().dtype(at::kFloat);
    const auto frequencies = at::pow(base, at::arange(0, width, 2, positions.options()).to(at::kFloat).div_(double(width))).reciprocal_();
    const auto angles = positions.to(options).unsqueeze(1).mul(frequencies).unsqueeze(1);
    return {angles.cos().to(type), angles.sin().to(type)};
}

at::Tensor attention_heads(const at::Tensor& product, const Heads& heads, const Rotation& rotation) {
    const bool is_plain = !rotation.cosine.defined() && heads.kv_heads == heads.heads;
    if (is_plain) return product.view({product.size(0), std::int64_t(heads.parts), heads.heads, heads.width});
    return product.requires_grad() ? AttentionHeads::apply(product, heads, rotation) : AttentionHeads::spread(product, heads, rotation);
}

}  // namespace layersweep
