#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace layersweep {

/// By how much each token's queries and keys are turned (rotary positions, Su et al. 2021): pair i of a head of width w is (i, i + w / 2).
struct Rotation {
    at::Tensor cosine, sine;  ///< [tokens, 1, width / 2]; undefined: nothing is turned
    /// Of these tokens.
    [[nodiscard]] Rotation of(const at::Tensor& tokens) const;
};

/// At these positions, [tokens] int64, with angle position / base^(2i / width); found in float32 whatever `type` is, as transformers does.
[[nodiscard]] Rotation rotation_at(const at::Tensor& positions, std::int64_t width, double base, at::ScalarType type);

/// How queries, keys and values lie side by side in the product of a linear layer.
struct Heads {
    enum Parts { queries = 1, keys_values = 2, queries_keys_values = 3 };
    Parts parts = queries_keys_values;
    std::int64_t heads = 0, kv_heads = 0, width = 0;
};

/// The product [tokens, (queries, keys, values) · width], its queries and keys turned, its keys and values handed to each head of queries
/// that shares them: [tokens, parts, heads, width]. A view where there is nothing to turn and nothing to share.
[[nodiscard]] at::Tensor attention_heads(const at::Tensor& product, const Heads& heads, const Rotation& rotation);

}  // namespace layersweep
