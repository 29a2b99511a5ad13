#include "worker/model/packed_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

namespace layersweep {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// What queries see of some keys, [.., heads, queries, width], and the logarithm of their scores' exponentials' sum, [.., heads, queries].
struct Seen {
    at::Tensor out, sums;
};

enum class Looks { at_all, at_earlier };

/// q, k, v: [batch, heads, tokens, width]. `mask`: added to the scores; undefined: none.
Seen look(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Looks looks, const at::Tensor& mask = {}) {
    const auto added = mask.defined() ? std::optional(mask) : std::nullopt;
    auto [out, sums] = at::_scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, looks == Looks::at_earlier, added);
    return {out, sums};
}

/// Gradients of q, k and v from that of the whole output; `whole`: over all keys that the queries see, of which these are a part.
std::tuple<at::Tensor, at::Tensor, at::Tensor> look_back(const at::Tensor& gradient, const at::Tensor& q, const at::Tensor& k,
                                                         const at::Tensor& v, const Seen& whole, Looks looks, const at::Tensor& mask = {}) {
    const auto added = mask.defined() ? std::optional(mask) : std::nullopt;
    return at::_scaled_dot_product_flash_attention_for_cpu_backward(gradient, q, k, v, whole.out, whole.sums, 0.0,
                                                                    looks == Looks::at_earlier, added);
}

// Two forms of the same numbers: by token, [tokens, heads, width], as the linear layers have them, and by head, [1, heads, tokens, width].
at::Tensor by_head(const at::Tensor& by_token) {
    return by_token.transpose(0, 1).unsqueeze(0);
}
at::Tensor by_token(const at::Tensor& by_head) {
    return by_head.squeeze(0).transpose(0, 1);
}

/// The two parts of what the same queries see.
Seen together(const Seen& a, const Seen& b) {
    const auto sums = at::logaddexp(a.sums, b.sums);
    return {a.out * (a.sums - sums).exp_().unsqueeze(-1) + b.out * (b.sums - sums).exp_().unsqueeze(-1), sums};
}

/// A group's numbers by token, [tokens, …], with padding: [inputs, longest, …].
at::Tensor padded(const RowGroup& group, const at::Tensor& tokens) {
    auto shape = tokens.sizes().vec();
    shape.front() = group.longest;
    shape.insert(shape.begin(), group.inputs);
    return (group.is_even ? tokens : tokens.index_select(0, group.padded)).reshape(shape);
}
/// With `filling` in the padding.
at::Tensor padded_with(const RowGroup& group, const at::Tensor& tokens, double filling) {
    if (group.is_even) return padded(group, tokens);
    auto shape = tokens.sizes().vec();
    shape.front() = group.inputs * group.longest;
    auto all = at::full(shape, filling, tokens.options()).index_copy_(0, group.real, tokens);
    shape.front() = group.longest;
    shape.insert(shape.begin(), group.inputs);
    return all.view(shape);
}
/// [inputs, longest, …] back to [tokens, …].
at::Tensor unpadded(const RowGroup& group, const at::Tensor& all) {
    const auto flat = all.reshape([&] {
        auto shape = all.sizes().vec();
        shape.erase(shape.begin());
        shape.front() = group.inputs * group.longest;
        return shape;
    }());
    return group.is_even ? flat : flat.index_select(0, group.real);
}

/// q, k, v of a group, [inputs, heads, longest, width] each.
std::vector<at::Tensor> padded_heads(const RowGroup& group, const at::Tensor& qkv) {
    return padded(group, qkv.narrow(0, group.first, group.tokens)).permute({2, 0, 3, 1, 4}).unbind(0);
}

KeysValues leading_keys(const at::Tensor& parts, std::int64_t leading) {
    if (leading == 0) return {};
    const auto heads = [&](std::int64_t part) { return parts.narrow(0, 0, leading).select(1, part).transpose(0, 1); };
    return {heads(parts.size(1) - 2), heads(parts.size(1) - 1)};
}

KeysValues prefix_of(const at::Tensor& parts, std::int64_t leading, const KeysValues& before) {
    return leading == 0 ? before : leading_keys(parts, leading);
}

/// What the backward pass needs besides tensors of the graph.
struct Layout : torch::CustomClassHolder {
    Layout(const PackedRows& rows, KeysValues keys_before)
        : groups(rows.groups()), leading(rows.leading()), before(std::move(keys_before)) {}
    std::vector<RowGroup> groups;
    std::int64_t leading;
    KeysValues before;
    at::Tensor sums;  ///< by token: [rows, heads]
};

Layout& layout_of(AutogradContext* context) {
    return *c10::static_intrusive_pointer_cast<Layout>(context->saved_data["layout"].toCapsule());
}

class PackedAttention : public Function<PackedAttention> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv, const PackedRows& rows, const KeysValues& before) {
        const auto layout = c10::make_intrusive<Layout>(rows, before);
        const auto tokens = qkv.size(0), heads = qkv.size(2), width = qkv.size(3);
        auto out = at::empty({tokens, heads, width}, qkv.options());
        auto sums = at::empty({tokens, heads}, qkv.options());
        const auto keep = [&](std::int64_t first, const at::Tensor& out_by_token, const at::Tensor& sums_by_token) {
            out.narrow(0, first, out_by_token.size(0)).copy_(out_by_token);
            sums.narrow(0, first, sums_by_token.size(0)).copy_(sums_by_token);
        };
        const auto prefix = prefix_of(qkv, layout->leading, before);
        if (layout->leading > 0) {
            const auto q = by_head(qkv.narrow(0, 0, layout->leading).select(1, 0));
            const auto seen = look(q, prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), Looks::at_earlier);
            keep(0, by_token(seen.out), seen.sums.squeeze(0).t());
        }
        for (const auto& group : layout->groups) {
            const auto own = padded_heads(group, qkv);
            const auto seen = look(own[0], own[1], own[2], Looks::at_earlier);
            keep(group.first, unpadded(group, seen.out.transpose(1, 2)), unpadded(group, seen.sums.transpose(1, 2)));
        }
        if (const auto own = tokens - layout->leading; own > 0 && prefix.keys.defined()) {
            const auto q = by_head(qkv.narrow(0, layout->leading, own).select(1, 0));
            const auto of_prefix = look(q, prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), Looks::at_all);
            const auto whole = together({by_token(of_prefix.out), of_prefix.sums.squeeze(0).t()},
                                        {out.narrow(0, layout->leading, own), sums.narrow(0, layout->leading, own)});
            keep(layout->leading, whole.out, whole.sums);
        }
        layout->sums = sums;
        out = out.view({tokens, heads * width});
        context->save_for_backward({qkv, out});
        context->saved_data["layout"] = c10::IValue::make_capsule(layout);
        return out;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const Layout& layout = layout_of(context);
        const auto saved = context->get_saved_variables();
        const auto& qkv = saved[0];
        const auto tokens = qkv.size(0), heads = qkv.size(2), width = qkv.size(3);
        const auto by_tokens = [&](const at::Tensor& flat) { return flat.reshape({tokens, heads, width}); };
        const auto gradient = by_tokens(gradients.front()), out = by_tokens(saved[1]);
        auto result = at::empty_like(qkv);
        const auto part = [](const at::Tensor& all, std::int64_t first, std::int64_t count, std::int64_t which) {
            return all.narrow(0, first, count).select(1, which);
        };
        for (const auto& group : layout.groups) {
            const auto own = padded_heads(group, qkv);
            const auto slice = [&](const at::Tensor& all) { return all.narrow(0, group.first, group.tokens); };
            // In the padding nothing comes in, and no probability is left.
            const Seen whole{padded(group, slice(out)).transpose(1, 2), padded_with(group, slice(layout.sums), 1e30).transpose(1, 2)};
            const auto [dq, dk, dv] =
                look_back(padded_with(group, slice(gradient), 0).transpose(1, 2), own[0], own[1], own[2], whole, Looks::at_earlier);
            for (const auto& [which, dx] : {std::pair(0, dq), std::pair(1, dk), std::pair(2, dv)})
                part(result, group.first, group.tokens, which).copy_(unpadded(group, dx.transpose(1, 2)));
        }
        const auto leading = layout.leading, own = tokens - leading;
        const auto prefix = prefix_of(qkv, leading, layout.before);
        const auto seen = [&](std::int64_t first, std::int64_t count) {
            return Seen{by_head(out.narrow(0, first, count)), by_head(layout.sums.narrow(0, first, count).unsqueeze(-1)).squeeze(-1)};
        };
        if (leading > 0) {
            const auto [dq, dk, dv] = look_back(by_head(gradient.narrow(0, 0, leading)), by_head(part(qkv, 0, leading, 0)),
                                                prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), seen(0, leading), Looks::at_earlier);
            for (const auto& [which, dx] : {std::pair(0, dq), std::pair(1, dk), std::pair(2, dv)})
                part(result, 0, leading, which).copy_(by_token(dx));
        }
        if (own > 0 && prefix.keys.defined()) {
            const auto [dq, dk, dv] = look_back(by_head(gradient.narrow(0, leading, own)), by_head(part(qkv, leading, own, 0)),
                                                prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), seen(leading, own), Looks::at_all);
            part(result, leading, own, 0).add_(by_token(dq));
            if (leading > 0) {
                part(result, 0, leading, 1).add_(by_token(dk));
                part(result, 0, leading, 2).add_(by_token(dv));
            }
        }
        return {result, {}, {}};
    }
};

/// What is added to the scores of a group's ends: padding is not seen.
at::Tensor mask_of(const RowGroup& group, std::int64_t prefix, const at::Tensor& like) {
    if (group.is_even) return {};
    const auto own = group.present.narrow(3, prefix, group.longest);
    return at::zeros(own.sizes(), like.options()).masked_fill_(own.logical_not(), -INFINITY);
}

class PackedAttentionAtEnds : public Function<PackedAttentionAtEnds> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& kv, const PackedRows& rows,
                              const KeysValues& before) {
        const auto layout = c10::make_intrusive<Layout>(rows, before);
        const auto inputs = q.size(0), heads = q.size(1), width = q.size(2);
        std::vector<at::Tensor> outs, sums;
        std::int64_t first = 0;
        for (const auto& group : layout->groups) {
            const auto own = padded_heads(group, kv);
            const auto seen =
                look(q.narrow(0, first, group.inputs).unsqueeze(2), own[0], own[1], Looks::at_all, mask_of(group, rows.prefix(), q));
            outs.push_back(seen.out.squeeze(2));
            sums.push_back(seen.sums.squeeze(2));
            first += group.inputs;
        }
        Seen whole{at::cat(outs, 0), at::cat(sums, 0)};
        const auto prefix = prefix_of(kv, layout->leading, before);
        if (prefix.keys.defined()) {
            const auto of_prefix = look(by_head(q), prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), Looks::at_all);
            whole = together({by_token(of_prefix.out), of_prefix.sums.squeeze(0).t()}, whole);
        }
        layout->sums = whole.sums;
        auto out = whole.out.reshape({inputs, heads * width});
        context->save_for_backward({q, kv, out});
        context->saved_data["layout"] = c10::IValue::make_capsule(layout);
        context->saved_data["prefix"] = rows.prefix();
        return out;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const Layout& layout = layout_of(context);
        const auto saved = context->get_saved_variables();
        const auto &q = saved[0], &kv = saved[1];
        const auto out = saved[2].view(q.sizes()), gradient = gradients.front().reshape(q.sizes());
        auto dq_all = at::empty_like(q);
        auto dkv = at::empty_like(kv);
        std::int64_t first = 0;
        for (const auto& group : layout.groups) {
            const auto own = padded_heads(group, kv);
            const auto ends = [&](const at::Tensor& all) { return all.narrow(0, first, group.inputs).unsqueeze(2); };
            const auto [dq, dk, dv] = look_back(ends(gradient), ends(q), own[0], own[1], {ends(out), ends(layout.sums)}, Looks::at_all,
                                                mask_of(group, context->saved_data["prefix"].toInt(), q));
            dq_all.narrow(0, first, group.inputs).copy_(dq.squeeze(2));
            for (const auto& [which, dx] : {std::pair(0, dk), std::pair(1, dv)})
                dkv.narrow(0, group.first, group.tokens).select(1, which).copy_(unpadded(group, dx.transpose(1, 2)));
            first += group.inputs;
        }
        const auto prefix = prefix_of(kv, layout.leading, layout.before);
        if (prefix.keys.defined()) {
            const Seen whole{by_head(out), by_head(layout.sums.unsqueeze(-1)).squeeze(-1)};
            const auto [dq, dk, dv] =
                look_back(by_head(gradient), by_head(q), prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), whole, Looks::at_all);
            dq_all.add_(by_token(dq));
            if (layout.leading > 0) {
                dkv.narrow(0, 0, layout.leading).select(1, 0).copy_(by_token(dk));
                dkv.narrow(0, 0, layout.leading).select(1, 1).copy_(by_token(dv));
            }
        }
        return {dq_all, dkv, {}, {}};
    }
};

}  // namespace

KeysValues prefix_in(const at::Tensor& parts, const PackedRows& rows) {
    return leading_keys(parts, rows.leading());
}

at::Tensor packed_attention(const at::Tensor& qkv, const PackedRows& rows, const KeysValues& before) {
    return PackedAttention::apply(qkv, rows, before);
}

at::Tensor packed_attention_at_ends(const at::Tensor& q, const at::Tensor& kv, const PackedRows& rows, const KeysValues& before) {
    return PackedAttentionAtEnds::apply(q, kv, rows, before);
}

}  // namespace layersweep
