#pragma once

#include <ATen/core/Tensor.h>

#include "worker/model/packed_rows.hpp"

namespace layersweep {

/// Keys and values of one block, [heads, tokens, width] each; undefined: none.
struct KeysValues {
    at::Tensor keys, values;
};

/// Of the prefix that stands in front of `parts` [leading + own, 2 or 3, heads, width], whose last two are keys and values; undefined
/// where none does.
[[nodiscard]] KeysValues prefix_in(const at::Tensor& parts, const PackedRows& rows);

/// Causal attention of packed rows on the CPU, without dropout: [leading + own, heads · width] of qkv [leading + own, 3, heads, width].
/// All inputs look at the same prefix, which is `before` or stands in front; nobody copies its keys. How the two parts that a query sees
/// are put together, and why each part's gradient is that of flash attention with the whole's sums: docs/decisions/0006.
[[nodiscard]] at::Tensor packed_attention(const at::Tensor& qkv, const PackedRows& rows, const KeysValues& before);

/// The same for the inputs' last tokens alone, in the order of the groups: [inputs, heads · width] of q [inputs, heads, width] and
/// kv [leading + own, 2, heads, width].
[[nodiscard]] at::Tensor packed_attention_at_ends(const at::Tensor& q, const at::Tensor& kv, const PackedRows& rows,
                                                  const KeysValues& before);

}  // namespace layersweep
