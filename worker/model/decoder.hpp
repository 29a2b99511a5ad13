#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "worker/model/family/family.hpp"
#include "worker/model/layers.hpp"
#include "worker/model/packed_attention.hpp"
#include "worker/model/packed_rows.hpp"
#include "worker/model/parameters.hpp"
#include "worker/model/rotary.hpp"

namespace layersweep {

/// Where dropout is active, and from what its masks are drawn: LibTorch's generator, seeded anew for every (seed, step, layer, site, rank),
/// so that resuming needs no generator state.
struct DropoutDraw {
    std::uint64_t seed = 0;
    std::int64_t step = 0;
    int rank = 0;
};

/// A prefix in each block; shared by all inputs that begin with it.
struct PrefixMemory {
    std::vector<KeysValues> blocks;
};

/// Which positions of the last block are computed: all, or only those that are read behind it. The same numbers where they are read.
enum class LastBlock { whole, where_read };

/// Told during the backward pass that the gradients of this block and of all behind it are written, of the last block first. See
/// `announced` for the thread.
using BlockWritten = std::function<void(std::int64_t block)>;

/// One forward pass of a decoder made of DecoderSpec's parts. Built per pass; `finish_backward` belongs to the same pass.
class DecoderPass {
public:
    /// `blocks`: how many were kept. `draw` empty: no dropout (evaluation). `written` empty: nobody asks, and nothing is spent on it.
    DecoderPass(const DecoderSpec& spec, std::int64_t blocks, const Parameters& parameters, std::optional<DropoutDraw> draw,
                BlockWritten written = {});

    /// From here on with padded inputs, as on GPUs and with dropout; the same numbers, rounding aside.
    void pad_attention() { pads_attention_ = true; }

    /// Behind the final norm, at the last token of each input, in the order given: [inputs, d_model]. `memory` holds the prefix where it
    /// was computed before.
    [[nodiscard]] at::Tensor states_at_ends(const PackedRows& rows, LastBlock last, const PrefixMemory* memory = nullptr);
    /// Behind the final norm, at chosen packed rows: [n, d_model].
    [[nodiscard]] at::Tensor states_at(const PackedRows& rows, const at::Tensor& chosen);
    /// Behind the last block, before the final norm, at all packed rows: [leading + own, d_model].
    [[nodiscard]] at::Tensor residual_stream(const PackedRows& rows) { return residual_stream(rows, blocks_, nullptr, nullptr); }
    /// Of rows that are a prefix alone.
    [[nodiscard]] PrefixMemory remember(const PackedRows& prefix);

    /// Rows of the head's table, [n, d_model].
    [[nodiscard]] at::Tensor head_rows(const at::Tensor& rows);
    /// After `loss.backward()`: adds the gathered rows' gradients to the tables. `padding_row`: the row of the token table that inputs read
    /// but do not train, as torch.nn.Embedding's padding_idx; -1: none.
    void finish_backward(std::int64_t padding_row = -1);

private:
    /// Rows read out of a table by a forward pass: a leaf of its own, so that its gradient can be added to just those rows of the table
    /// instead of to a table-sized buffer.
    struct GatheredRows {
        std::string parameter;
        at::Tensor index;  ///< [n], int64
        at::Tensor rows;   ///< [n, d_model]
        bool are_inputs = false;
    };
    /// Which keys queries may look at, and where the masks of dropped probabilities are drawn.
    struct Mask {
        at::Tensor visible;  ///< broadcast to [inputs, heads, n, keys]; undefined: all
        bool is_causal = false;
        std::int64_t block = 0;
        int site = 0;
    };

    /// The residual stream [leading + own, d_model] behind the first `blocks` blocks.
    [[nodiscard]] at::Tensor residual_stream(const PackedRows& rows, std::int64_t blocks, const PrefixMemory* memory, PrefixMemory* kept);
    /// What enters the first block, without dropout: [leading + own, d_model].
    [[nodiscard]] at::Tensor embedded(const PackedRows& rows);
    [[nodiscard]] at::Tensor attention(std::int64_t number, const at::Tensor& h, const PackedRows& rows, const PrefixMemory* memory,
                                       PrefixMemory* kept) const;
    /// The residual stream at the entrance of a block, with the word to who asked for it.
    [[nodiscard]] at::Tensor entering(std::int64_t number, const at::Tensor& x) const;
    /// At the inputs' ends alone, in the order of the groups: [inputs, d_model].
    [[nodiscard]] at::Tensor attention_at_ends(std::int64_t number, const at::Tensor& h, const PackedRows& rows,
                                               const PrefixMemory* memory) const;
    /// Packed attention knows the CPU and no dropout.
    [[nodiscard]] bool is_packed(const at::Tensor& x) const { return x.is_cpu() && !attention_is_dropped() && !pads_attention_; }
    [[nodiscard]] at::Tensor padded_attention(std::int64_t number, const at::Tensor& qkv, const PackedRows& rows, KeysValues prefix) const;
    [[nodiscard]] at::Tensor padded_attention_at_ends(std::int64_t number, const at::Tensor& q, const at::Tensor& kv,
                                                      const PackedRows& rows, KeysValues prefix) const;
    /// What the queries [inputs, heads, n, width] see of their own and the prefix's keys, [inputs, heads, n, width].
    [[nodiscard]] at::Tensor seen(const at::Tensor& q, const KeysValues& own, const KeysValues& prefix, const Mask& mask) const;
    [[nodiscard]] at::Tensor rest_of_block(std::int64_t number, const at::Tensor& x, const at::Tensor& attended) const;
    /// A product's queries, keys and values (or some of them), turned by their positions: [tokens, parts, heads, width].
    [[nodiscard]] at::Tensor heads_of(const at::Tensor& product, Heads::Parts parts, const Rotation& rotation) const;
    [[nodiscard]] at::Tensor project(const std::string& name, const at::Tensor& x) const;
    /// Columns [from, to) of the product.
    [[nodiscard]] at::Tensor project(const std::string& name, const at::Tensor& x, std::int64_t from, std::int64_t to) const;
    [[nodiscard]] at::Tensor norm(const std::string& name, const at::Tensor& x) const;
    [[nodiscard]] at::Tensor dropout(const at::Tensor& x, double rate, std::int64_t layer, int site) const;
    [[nodiscard]] bool attention_is_dropped() const { return draw_ && spec_.attention_dropout > 0; }
    [[nodiscard]] at::Tensor gather(const std::string& parameter, const at::Tensor& index, bool are_inputs = false);

    const DecoderSpec& spec_;
    std::int64_t blocks_;
    const Parameters& parameters_;
    std::optional<DropoutDraw> draw_;
    BlockWritten written_;
    bool pads_attention_ = false;
    Rotation rotation_;  ///< of the rows that go through
    std::vector<GatheredRows> gathered_;
};

}  // namespace layersweep
