#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "protocol/trial.hpp"
#include "worker/data/encoding.hpp"
#include "worker/model/decoder.hpp"
#include "worker/model/load.hpp"
#include "worker/model/parameters.hpp"
#include "worker/training/warm_store.hpp"

namespace layersweep {

/// Who is told how far a step is. In `written_from` a thread of autograd's may speak while the caller waits (see `announced`).
struct BackwardWatch {
    /// Between the passes, with what `backward` will return.
    std::function<void(const at::Tensor& loss)> forward_done = [](const at::Tensor&) {};
    /// From `begin` on the gradients stand: at the beginning of each block, of the last one first. Empty: nothing is spent on it.
    std::function<void(std::int64_t begin)> written_from;
};

/// The model of one trial: the first N blocks (or others, by `prune`) of a pretrained decoder, with its own head or a linear one. Of
/// the embedding tables it holds the rows that the task can read, where the trial's shortcuts say so.
class CutModel {
public:
    using Rows = std::span<const EncodedRow* const>;

    /// Parameters are on the worker's device, filled from the checkpoint or at random as the trial says. All rows that are scored or
    /// trained later are of `task`.
    CutModel(const Trial& trial, const EncodedTask& task, WarmStore& store);

    /// A pass over many rows, during which the model does not change: what all begin with is computed once.
    class Scoring {
    public:
        /// Class scores, [rows, classes]; without gradients.
        [[nodiscard]] at::Tensor operator()(Rows rows) const;
        /// Tokens of each row that are not computed again.
        [[nodiscard]] std::int64_t shared() const { return memory_ ? std::int64_t(model_.prefix_.size()) : 0; }

    private:
        friend CutModel;
        explicit Scoring(const CutModel& model);
        const CutModel& model_;
        std::optional<PrefixMemory> memory_;
    };
    [[nodiscard]] Scoring scoring() const { return Scoring(*this); }

    /// Forward and backward of these rows: writes the gradient of (sum of the rows' losses) / `rows_in_batch` to the gradient buffer and
    /// returns that sum / `rows_in_batch`, a scalar on the device. No rows: zeros, and `watch` is told the same.
    at::Tensor backward(Rows rows, std::int64_t rows_in_batch, std::optional<DropoutDraw> draw, const BackwardWatch& watch = {});

    /// Tokens that a training step computes for this row alone.
    [[nodiscard]] std::int64_t own_tokens(const EncodedRow& row) const;

    [[nodiscard]] Parameters& parameters() { return parameters_; }
    [[nodiscard]] const DecoderSpec& spec() const { return spec_; }
    [[nodiscard]] at::Device device() const { return label_rows_.device(); }
    [[nodiscard]] std::int64_t blocks() const { return blocks_; }
    /// Numbers that are trained, rows of the tables that only shrink by weight decay included.
    [[nodiscard]] std::int64_t trained_parameters() const;
    /// The same model in the numbers that its work depends on.
    [[nodiscard]] DecoderSize size() const { return size_of(spec_); }
    /// Tables of which only some rows are held, with all rows as `steps` optimizer steps leave them: those that are never read have no
    /// gradient, so that each step multiplies them by 1 - learning rate · weight decay and does no more.
    [[nodiscard]] WholeTables whole_tables(const Trial& trial, WarmStore& store, std::int64_t steps) const;

private:
    [[nodiscard]] PackedRows pack(Rows rows, std::int64_t prefix, PackedRows::Prefix where) const;
    [[nodiscard]] at::Tensor class_scores(DecoderPass& pass, const at::Tensor& states) const;
    [[nodiscard]] at::Tensor summed_loss(DecoderPass& pass, Rows rows, std::int64_t prefix) const;
    [[nodiscard]] at::Tensor summed_prompt_loss(DecoderPass& pass, Rows rows, std::int64_t prefix) const;
    [[nodiscard]] at::Tensor vocabulary_scores(const at::Tensor& states) const;
    [[nodiscard]] at::Tensor labels_of(Rows rows, bool as_tokens) const;
    /// Tokens that the rows of a training step share.
    [[nodiscard]] std::int64_t shared_in_training() const {
        return shortcuts_.shared_prefix_in_training ? std::int64_t(prefix_.size()) : 0;
    }
    /// Row of the trial's position table that position 0 reads.
    [[nodiscard]] std::int64_t position_offset() const { return position_rows_.empty() ? spec_.position_offset : 0; }
    [[nodiscard]] LastBlock last_block() const { return shortcuts_.label_position ? LastBlock::where_read : LastBlock::whole; }
    [[nodiscard]] bool reads_whole_vocabulary() const { return layersweep::reads_whole_vocabulary(mode_, loss_); }

    Mode mode_;
    Loss loss_;
    Shortcuts shortcuts_;
    DecoderSpec spec_;
    std::int64_t blocks_;
    std::vector<std::int32_t> label_token_ids_;
    std::vector<std::int32_t> prefix_;  ///< empty: not worth sharing
    TokenRows token_rows_;
    std::vector<std::int64_t> position_rows_;  ///< of the whole table; empty: all
    TokenRows head_rows_;                      ///< of the head's table
    Parameters parameters_;
    at::Tensor label_rows_;  ///< [classes], int64: of the head's table; empty where the mode has a linear head
};

}  // namespace layersweep
