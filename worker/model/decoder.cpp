#include "worker/model/decoder.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <utility>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

/// Each group of rows draws attention masks of its own: `attention_site` + its number.
enum DropoutSite { embedding_site = 0, attention_output_site = 1, mlp_output_site = 2, attention_site = 3 };

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
    switch (activation) {
        case Activation::relu:
            return at::relu(x);
        case Activation::silu:
            return at::silu(x);
        case Activation::gelu_tanh:
            return at::gelu(x, "tanh");
    }
    LAYERSWEEP_CHECK(false, "an activation of no kind");
}

}  // namespace

DecoderPass::DecoderPass(const DecoderSpec& spec, std::int64_t blocks, const Parameters& parameters, std::optional<DropoutDraw> draw,
                         BlockWritten written)
    : spec_(spec), blocks_(blocks), parameters_(parameters), draw_(draw), written_(std::move(written)) {}

at::Tensor DecoderPass::gather(const std::string& parameter, const at::Tensor& index, bool are_inputs) {
    auto rows = parameters_[parameter].index_select(0, index);
    if (at::GradMode::is_enabled()) {
        rows.set_requires_grad(true);
        gathered_.push_back({parameter, index, rows, are_inputs});
    }
    return rows;
}

void DecoderPass::finish_backward(std::int64_t padding_row) {
    for (const auto& taken : gathered_) {
        auto gradient = taken.rows.grad();
        if (!gradient.defined()) continue;
        if (taken.are_inputs && padding_row >= 0) gradient.masked_fill_(taken.index.eq(padding_row).unsqueeze(1), 0);
        parameters_.gradient(taken.parameter).index_add_(0, taken.index, gradient);
    }
    gathered_.clear();
}

at::Tensor DecoderPass::dropout(const at::Tensor& x, double rate, std::int64_t layer, int site) const {
    if (!draw_ || rate == 0) return x;
    auto generator = at::globalContext().defaultGenerator(x.device()).clone();
    generator.set_current_seed(mask_seed(*draw_, layer, site));
    return x * at::empty_like(x).bernoulli_(1 - rate, generator).div_(1 - rate);
}

at::Tensor DecoderPass::project(const std::string& name, const at::Tensor& x) const {
    return linear(x, parameters_.trained(name + ".weight"), parameters_.trained_or_none(name + ".bias"),
                  spec_.layout == WeightLayout::in_out);
}

at::Tensor DecoderPass::project(const std::string& name, const at::Tensor& x, std::int64_t from, std::int64_t to) const {
    const bool in_out = spec_.layout == WeightLayout::in_out;
    const auto part = [&](const Trained& whole, int dimension) -> Trained {
        const auto slice = [&](const at::Tensor& all) { return all.defined() ? all.narrow(dimension, from, to - from) : all; };
        return {slice(whole.value), slice(whole.gradient), slice(whole.rounded)};
    };
    return linear(x, part(parameters_.trained(name + ".weight"), in_out ? 1 : 0), part(parameters_.trained_or_none(name + ".bias"), 0),
                  in_out);
}

at::Tensor DecoderPass::norm(const std::string& name, const at::Tensor& x) const {
    const auto& weight = parameters_.trained(name + ".weight");
    if (spec_.norm == Norm::rms) return rms_norm(x, weight, spec_.norm_epsilon);
    return layer_norm(x, weight, parameters_.trained(name + ".bias"), spec_.norm_epsilon);
}

at::Tensor DecoderPass::seen(const at::Tensor& q, const KeysValues& own, const KeysValues& prefix, const Mask& mask) const {
    const auto behind_prefix = [&](const at::Tensor& shared, const at::Tensor& rest) {
        return shared.defined() ? at::cat({shared.unsqueeze(0).expand({rest.size(0), -1, -1, -1}), rest}, 2) : rest;
    };
    const auto k = behind_prefix(prefix.keys, own.keys), v = behind_prefix(prefix.values, own.values);
    if (attention_is_dropped()) {
        auto scores = at::matmul(q, k.transpose(2, 3)).mul(1 / std::sqrt(double(q.size(3))));
        if (mask.visible.defined()) scores = scores.masked_fill(mask.visible.logical_not(), -INFINITY);
        return at::matmul(dropout(at::softmax(scores, -1), spec_.attention_dropout, mask.block, mask.site), v);
    }
    if (mask.is_causal && !prefix.keys.defined()) return at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true);
    return at::scaled_dot_product_attention(q, k, v, mask.visible.defined() ? std::optional(mask.visible) : std::nullopt);
}

at::Tensor DecoderPass::attention(std::int64_t number, const at::Tensor& h, const PackedRows& rows, const PrefixMemory* memory,
                                  PrefixMemory* kept) const {
    const auto qkv = heads_of(project(std::to_string(number) + ".qkv", h), Heads::queries_keys_values, rotation_);
    auto prefix = memory == nullptr ? KeysValues{} : memory->blocks[std::size_t(number)];
    if (kept != nullptr) kept->blocks.push_back(prefix_in(qkv, rows));
    const auto attended = is_packed(qkv) ? packed_attention(qkv, rows, prefix) : padded_attention(number, qkv, rows, prefix);
    return project(std::to_string(number) + ".out", attended);
}

at::Tensor DecoderPass::padded_attention(std::int64_t number, const at::Tensor& qkv, const PackedRows& rows, KeysValues prefix) const {
    std::vector<at::Tensor> parts;
    if (rows.leading() > 0) {
        LAYERSWEEP_CHECK(!attention_is_dropped(), "inputs cannot share what is dropped out");
        prefix = prefix_in(qkv, rows);
        const auto q = qkv.narrow(0, 0, rows.leading()).select(1, 0).transpose(0, 1).unsqueeze(0);
        const auto out = at::scaled_dot_product_attention(q, prefix.keys.unsqueeze(0), prefix.values.unsqueeze(0), {}, 0.0, true);
        parts.push_back(out.squeeze(0).transpose(0, 1).flatten(1));
    }
    for (std::size_t g = 0; g < rows.groups().size(); ++g) {
        const RowGroup& group = rows.groups()[g];
        auto own = qkv.narrow(0, group.first, group.tokens);
        if (!group.is_even) own = pad(own, group.padded, group.real);
        const auto split = own.view({group.inputs, group.longest, 3, spec_.heads, spec_.head_width}).permute({2, 0, 3, 1, 4}).unbind(0);
        const Mask mask{.visible = group.visible, .is_causal = true, .block = number, .site = attention_site + int(g)};
        auto out = seen(split[0], {split[1], split[2]}, prefix, mask).transpose(1, 2).flatten(2).flatten(0, 1);
        parts.push_back(group.is_even ? out : unpad(out, group.real));
    }
    return parts.size() == 1 ? parts.front() : at::cat(parts, 0);
}

at::Tensor DecoderPass::attention_at_ends(std::int64_t number, const at::Tensor& h, const PackedRows& rows,
                                          const PrefixMemory* memory) const {
    const auto name = std::to_string(number) + ".qkv";
    const auto queries = spec_.heads * spec_.head_width, all = queries + 2 * spec_.kv_heads * spec_.head_width;
    const auto kv = heads_of(project(name, h, queries, all), Heads::keys_values, rotation_);
    const auto ends = project(name, h.index_select(0, rows.ends()), 0, queries);
    const auto q = heads_of(ends, Heads::queries, rotation_.of(rows.ends())).squeeze(1);
    auto prefix = memory == nullptr ? KeysValues{} : memory->blocks[std::size_t(number)];
    const auto attended =
        is_packed(q) ? packed_attention_at_ends(q, kv, rows, prefix) : padded_attention_at_ends(number, q, kv, rows, prefix);
    return project(std::to_string(number) + ".out", attended);
}

at::Tensor DecoderPass::padded_attention_at_ends(std::int64_t number, const at::Tensor& q, const at::Tensor& kv, const PackedRows& rows,
                                                 KeysValues prefix) const {
    if (rows.leading() > 0) prefix = prefix_in(kv, rows);
    std::vector<at::Tensor> parts;
    std::int64_t input = 0;
    for (std::size_t g = 0; g < rows.groups().size(); ++g) {
        const RowGroup& group = rows.groups()[g];
        auto own = kv.narrow(0, group.first, group.tokens);
        if (!group.is_even) own = pad(own, group.padded, group.real);
        const auto split = own.view({group.inputs, group.longest, 2, spec_.heads, q.size(2)}).permute({2, 0, 3, 1, 4}).unbind(0);
        const Mask mask{.visible = group.present, .is_causal = false, .block = number, .site = attention_site + int(g)};
        const auto ends = q.narrow(0, input, group.inputs).unsqueeze(2);
        parts.push_back(seen(ends, {split[0], split[1]}, prefix, mask).flatten(1));
        input += group.inputs;
    }
    return parts.size() == 1 ? parts.front() : at::cat(parts, 0);
}

/// Behind the attention, whose output is `attended`: the rest of the block for the rows `x` of the residual stream.
at::Tensor DecoderPass::rest_of_block(std::int64_t number, const at::Tensor& x, const at::Tensor& attended) const {
    const auto name = std::to_string(number);
    const auto y = x + dropout(attended, spec_.residual_dropout, number, attention_output_site);
    const auto up = project(name + ".up", norm(name + ".ln2", y));
    const auto inner = spec_.has_gate ? activate(spec_.activation, up.narrow(1, 0, spec_.d_ff)) * up.narrow(1, spec_.d_ff, spec_.d_ff)
                                      : activate(spec_.activation, up);
    return y + dropout(project(name + ".down", inner), spec_.residual_dropout, number, mlp_output_site);
}

at::Tensor DecoderPass::residual_stream(const PackedRows& rows, std::int64_t blocks, const PrefixMemory* memory, PrefixMemory* kept) {
    LAYERSWEEP_CHECK(rows.longest() <= spec_.positions, "an input is longer than the model's positions");
    if (spec_.rotary_base)
        rotation_ = rotation_at(rows.positions(), spec_.head_width, *spec_.rotary_base, parameters_.values().scalar_type());
    auto x = dropout(embedded(rows), spec_.embedding_dropout, -1, embedding_site);
    for (std::int64_t number = 0; number < blocks; ++number) {
        x = entering(number, x);
        x = rest_of_block(number, x, attention(number, norm(std::to_string(number) + ".ln1", x), rows, memory, kept));
    }
    return x;
}

at::Tensor DecoderPass::embedded(const PackedRows& rows) {
    auto tokens = gather("wte", rows.tokens(), /*are_inputs=*/true);
    return spec_.rotary_base ? tokens : tokens + gather("wpe", rows.positions());
}

at::Tensor DecoderPass::heads_of(const at::Tensor& product, Heads::Parts parts, const Rotation& rotation) const {
    return attention_heads(product, {.parts = parts, .heads = spec_.heads, .kv_heads = spec_.kv_heads, .width = spec_.head_width},
                           rotation);
}

at::Tensor DecoderPass::entering(std::int64_t number, const at::Tensor& x) const {
    if (!written_) return x;
    return announced(x, [written = written_, number] { written(number); });
}

at::Tensor DecoderPass::states_at_ends(const PackedRows& rows, LastBlock last, const PrefixMemory* memory) {
    const bool whole = last == LastBlock::whole || blocks_ == 0;
    auto x = residual_stream(rows, whole ? blocks_ : blocks_ - 1, memory, nullptr);
    if (whole) return norm("ln_f", x.index_select(0, rows.ends().index_select(0, rows.order())));
    const auto number = blocks_ - 1;
    x = entering(number, x);
    const auto attended = attention_at_ends(number, norm(std::to_string(number) + ".ln1", x), rows, memory);
    x = rest_of_block(number, x.index_select(0, rows.ends()), attended);
    return norm("ln_f", x).index_select(0, rows.order());
}

at::Tensor DecoderPass::states_at(const PackedRows& rows, const at::Tensor& chosen) {
    return norm("ln_f", residual_stream(rows).index_select(0, chosen));
}

PrefixMemory DecoderPass::remember(const PackedRows& prefix) {
    PrefixMemory memory;
    (void)residual_stream(prefix, blocks_, nullptr, &memory);
    return memory;
}

at::Tensor DecoderPass::head_rows(const at::Tensor& rows) {
    return gather(head_table(spec_), rows);
}

}  // namespace layersweep
