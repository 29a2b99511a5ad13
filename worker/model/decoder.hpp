#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "worker/model/family/family.hpp"
#include "worker/model/parameters.hpp"

namespace layersweep {

/// Where dropout is active, and from what its masks are drawn: LibTorch's generator, seeded anew for every (seed, step, layer, site, rank),
/// so that resuming needs no generator state.
struct DropoutDraw {
    std::uint64_t seed = 0;
    std::int64_t step = 0;
    int rank = 0;
};

/// Rows read out of a table by a forward pass: a leaf of its own, so that its gradient can be added to just those rows of the table
/// instead of to a table-sized buffer.
struct GatheredRows {
    std::string parameter;
    at::Tensor index;  ///< [n], int64
    at::Tensor rows;   ///< [n, d_model]
};

/// One forward pass of a decoder made of DecoderSpec's parts. Built per pass; `finish_backward` belongs to the same pass.
class DecoderPass {
public:
    /// `blocks`: how many were kept. `draw` empty: no dropout (evaluation).
    DecoderPass(const DecoderSpec& spec, std::int64_t blocks, const Parameters& parameters, std::optional<DropoutDraw> draw);

    /// `ids` [batch, length] int64, padded on the right with any valid id. Returns the residual stream behind the last block,
    /// [batch, length, d_model]. Padding is never read by a real position: attention is causal and padding stands behind.
    [[nodiscard]] at::Tensor residual_stream(const at::Tensor& ids);
    /// Final norm of chosen rows of the residual stream, [n, d_model].
    [[nodiscard]] at::Tensor final_norm(const at::Tensor& rows) const;
    /// Rows of the token embedding as tied head weights, [n, d_model].
    [[nodiscard]] at::Tensor token_rows(const at::Tensor& ids);
    /// After `loss.backward()`: adds the gathered rows' gradients to the tables.
    void finish_backward();

private:
    [[nodiscard]] at::Tensor block(std::int64_t number, const at::Tensor& x) const;
    [[nodiscard]] at::Tensor attention(std::int64_t number, const at::Tensor& h) const;
    [[nodiscard]] at::Tensor linear(const std::string& name, const at::Tensor& x) const;
    [[nodiscard]] at::Tensor norm(const std::string& name, const at::Tensor& x) const;
    [[nodiscard]] at::Tensor dropout(const at::Tensor& x, double rate, std::int64_t layer, int site) const;
    [[nodiscard]] bool attention_is_dropped() const { return draw_ && spec_.attention_dropout > 0; }
    [[nodiscard]] at::Tensor gather(const std::string& parameter, const at::Tensor& index);

    const DecoderSpec& spec_;
    std::int64_t blocks_;
    const Parameters& parameters_;
    std::optional<DropoutDraw> draw_;
    std::vector<GatheredRows> gathered_;
    at::Tensor future_;  ///< [length, length], true where attention may not look; only where attention is dropped
};

}  // namespace layersweep
