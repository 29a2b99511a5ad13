#include "worker/model/decoder.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

enum DropoutSite { embedding_site = 0, attention_site = 1, attention_output_site = 2, mlp_output_site = 3 };

/// SplitMix64's finaliser: neighbours in (step, layer, site, rank) get unrelated generator seeds.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

std::uint64_t mask_seed(const DropoutDraw& draw, std::int64_t layer, int site) {
    std::uint64_t state = 0x9e3779b97f4a7c15ULL;
    for (const std::uint64_t part :
         {draw.seed, std::uint64_t(draw.step), std::uint64_t(layer), std::uint64_t(site), std::uint64_t(draw.rank)})
        state = mix(state + 0x9e3779b97f4a7c15ULL + part);
    return state;
}

at::Tensor activate(Activation activation, const at::Tensor& x) {
    return activation == Activation::relu ? at::relu(x) : at::gelu(x, "tanh");
}

}  // namespace

DecoderPass::DecoderPass(const DecoderSpec& spec, std::int64_t blocks, const Parameters& parameters, std::optional<DropoutDraw> draw)
    : spec_(spec), blocks_(blocks), parameters_(parameters), draw_(draw) {}

at::Tensor DecoderPass::gather(const std::string& parameter, const at::Tensor& index) {
    auto rows = parameters_[parameter].detach().index_select(0, index);
    if (at::GradMode::is_enabled()) {
        rows.set_requires_grad(true);
        gathered_.push_back({parameter, index, rows});
    }
    return rows;
}

void DecoderPass::finish_backward() {
    for (const auto& taken : gathered_) {
        if (taken.rows.grad().defined()) parameters_.gradient(taken.parameter).index_add_(0, taken.index, taken.rows.grad());
    }
    gathered_.clear();
}

at::Tensor DecoderPass::dropout(const at::Tensor& x, double rate, std::int64_t layer, int site) const {
    if (!draw_ || rate == 0) return x;
    auto generator = at::globalContext().defaultGenerator(x.device()).clone();
    generator.set_current_seed(mask_seed(*draw_, layer, site));
    return x * at::empty_like(x).bernoulli_(1 - rate, generator).div_(1 - rate);
}

at::Tensor DecoderPass::linear(const std::string& name, const at::Tensor& x) const {
    const auto& weight = parameters_[name + ".weight"];
    const auto flat = x.reshape({-1, x.size(-1)});
    const auto product = at::addmm(parameters_[name + ".bias"], flat, spec_.layout == WeightLayout::in_out ? weight : weight.t());
    auto shape = x.sizes().vec();
    shape.back() = product.size(1);
    return product.view(shape);
}

at::Tensor DecoderPass::norm(const std::string& name, const at::Tensor& x) const {
    return at::layer_norm(x, {spec_.d_model}, parameters_[name + ".weight"], parameters_[name + ".bias"], spec_.norm_epsilon);
}

at::Tensor DecoderPass::attention(std::int64_t number, const at::Tensor& h) const {
    const auto batch = h.size(0), length = h.size(1), width = spec_.d_model / spec_.heads;
    const auto parts =
        linear(std::to_string(number) + ".qkv", h).view({batch, length, 3, spec_.heads, width}).permute({2, 0, 3, 1, 4}).unbind(0);
    const auto& q = parts[0];
    const auto& k = parts[1];
    const auto& v = parts[2];
    at::Tensor seen;  // [batch, heads, length, width]
    if (attention_is_dropped()) {
        const auto scores = at::matmul(q, k.transpose(2, 3)).mul(1 / std::sqrt(double(width))).masked_fill(future_, -INFINITY);
        seen = at::matmul(dropout(at::softmax(scores, -1), spec_.attention_dropout, number, attention_site), v);
    } else {
        seen = at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true);
    }
    return linear(std::to_string(number) + ".out", seen.transpose(1, 2).reshape({batch, length, spec_.d_model}));
}

at::Tensor DecoderPass::block(std::int64_t number, const at::Tensor& x) const {
    const auto name = std::to_string(number);
    const auto attended = attention(number, norm(name + ".ln1", x));
    const auto y = x + dropout(attended, spec_.residual_dropout, number, attention_output_site);
    const auto inner = activate(spec_.activation, linear(name + ".up", norm(name + ".ln2", y)));
    return y + dropout(linear(name + ".down", inner), spec_.residual_dropout, number, mlp_output_site);
}

at::Tensor DecoderPass::residual_stream(const at::Tensor& ids) {
    const auto batch = ids.size(0), length = ids.size(1);
    LAYERSWEEP_CHECK(length <= spec_.positions, "an input is longer than the model's positions");
    const auto tokens = gather("wte", ids.reshape({-1})).view({batch, length, spec_.d_model});
    const auto places = gather("wpe", at::arange(spec_.position_offset, spec_.position_offset + length, ids.options()));
    if (attention_is_dropped()) future_ = at::ones({length, length}, tokens.options().dtype(at::kBool)).triu(1);
    auto x = dropout(tokens + places, spec_.embedding_dropout, -1, embedding_site);
    for (std::int64_t number = 0; number < blocks_; ++number) x = block(number, x);
    return x;
}

at::Tensor DecoderPass::final_norm(const at::Tensor& rows) const {
    return norm("ln_f", rows);
}

at::Tensor DecoderPass::token_rows(const at::Tensor& ids) {
    return gather("wte", ids);
}

}  // namespace layersweep
