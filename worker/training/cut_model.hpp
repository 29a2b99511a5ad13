#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <span>
#include <vector>

#include "protocol/trial.hpp"
#include "worker/data/encoding.hpp"
#include "worker/model/decoder.hpp"
#include "worker/model/parameters.hpp"
#include "worker/training/warm_store.hpp"

namespace layersweep {

/// The model of one trial: the first N blocks (or others, by `prune`) of a pretrained decoder, with its tied head or a linear one.
class CutModel {
public:
    /// Parameters are on the worker's device, filled from the checkpoint or at random as the trial says.
    CutModel(const Trial& trial, const std::vector<std::int32_t>& label_token_ids, WarmStore& store);

    /// Class scores of some rows: [rows, classes]; without gradients.
    [[nodiscard]] at::Tensor scores(std::span<const EncodedRow* const> rows) const;

    /// Forward and backward of these rows: adds the gradient of (sum of the rows' losses) / `rows_in_batch` to the gradient buffer and
    /// returns that sum / `rows_in_batch`, a scalar on the device. No rows: zero.
    [[nodiscard]] at::Tensor backward(std::span<const EncodedRow* const> rows, std::int64_t rows_in_batch, std::optional<DropoutDraw> draw);

    [[nodiscard]] Parameters& parameters() { return parameters_; }
    [[nodiscard]] const DecoderSpec& spec() const { return spec_; }
    [[nodiscard]] at::Device device() const { return label_tokens_.device(); }
    [[nodiscard]] std::int64_t blocks() const { return blocks_; }

private:
    /// Behind the final norm: [places, d_model]; a place is row · length + position.
    [[nodiscard]] at::Tensor states_at(DecoderPass& pass, const at::Tensor& ids, const std::vector<std::int64_t>& places) const;
    [[nodiscard]] at::Tensor label_states(DecoderPass& pass, std::span<const EncodedRow* const> rows) const;
    [[nodiscard]] at::Tensor class_scores(DecoderPass& pass, const at::Tensor& states) const;
    [[nodiscard]] at::Tensor summed_loss(DecoderPass& pass, std::span<const EncodedRow* const> rows) const;
    [[nodiscard]] at::Tensor summed_prompt_loss(DecoderPass& pass, std::span<const EncodedRow* const> rows) const;
    [[nodiscard]] at::Tensor labels_of(std::span<const EncodedRow* const> rows, bool as_tokens) const;

    Mode mode_;
    Loss loss_;
    DecoderSpec spec_;
    std::int64_t blocks_;
    std::vector<std::int32_t> label_token_ids_;
    Parameters parameters_;
    at::Tensor label_tokens_;  ///< [classes], int64
};

}  // namespace layersweep
