#pragma once

#include <cstdint>

#include "protocol/machine_rates.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

// How much a trial computes at least, which both sides count alike: the worker to tell which part of the machine it reaches, the
// orchestrator to foresee how long a trial takes.

/// Some inputs, in the sums that the work on them depends on.
struct TokenSums {
    std::int64_t rows = 0;
    std::int64_t tokens = 0;
    double pairs = 0;  ///< of a token and one that it looks at: sum of n·(n + 1) / 2
    void add(std::int64_t length);
    /// Of so many times the inputs, rounded.
    [[nodiscard]] TokenSums times(double factor) const;
    bool operator==(const TokenSums&) const = default;
};

/// What an encoded task is, in numbers.
struct TaskSize {
    TokenSums training, validation, test;
    std::int64_t shared_prefix = 0;    ///< tokens that all inputs begin with; shorter than the shortest input
    std::int64_t longest = 0;          ///< input in tokens
    std::int64_t distinct_tokens = 0;  ///< in all inputs and the label words' first sub-tokens
    std::int64_t classes = 0;
    bool operator==(const TaskSize&) const = default;
};

/// A decoder, in the numbers that the work depends on.
struct DecoderSize {
    std::int64_t d_model = 0, vocabulary = 0;
    std::int64_t position_rows = 0;     ///< of its table of positions; 0: it has none
    bool has_tied_head = true;          ///< the head's rows are the token table's
    std::int64_t query_width = 0;       ///< of all heads' queries together
    std::int64_t keys_values = 0;       ///< numbers in the matrices of one block's keys and values
    std::int64_t block_matrices = 0;    ///< numbers in all matrices of one block
    std::int64_t block_parameters = 0;  ///< with norms and biases
    std::int64_t final_norm = 0;        ///< numbers
    bool operator==(const DecoderSize&) const = default;
};

/// Floating-point operations of matrix products, and bytes that have to pass between processor and memory.
struct Work {
    double flops = 0;
    double bytes = 0;
    bool operator==(const Work&) const = default;
    [[nodiscard]] Work times(double factor) const { return {flops * factor, bytes * factor}; }
};

/// Sharing fewer tokens saves less than what it costs.
inline constexpr std::int64_t shortest_shared_prefix = 8;

/// Tokens that a worker's share of a batch hardly ever exceeds, a prefix that its rows share counted once: four deviations above the mean.
[[nodiscard]] std::int64_t tokens_of_a_long_batch(const Trial& trial, const TaskSize& task);

/// Numbers that are trained, rows of the tables that are never read included.
[[nodiscard]] std::int64_t trained_parameters(const DecoderSize& decoder, Mode mode, std::int64_t layers, std::int64_t classes);

/// Numbers that are trained and held, with the trial's shortcuts: rows of the tables that are never read do not count.
[[nodiscard]] double held_parameters(const Trial& trial, const DecoderSize& decoder, const TaskSize& task);
/// Optimizer steps of one epoch.
[[nodiscard]] std::int64_t steps_per_epoch(const Trial& trial, const TaskSize& task);
/// Least work of one epoch's training steps, over all members of the gang: three times the forward pass's products; the blocks read twice,
/// gradients written and read, and the optimizer's three numbers read and written.
[[nodiscard]] Work training_epoch(const Trial& trial, const DecoderSize& decoder, const TaskSize& task);
/// Least work of one pass over inputs that are only scored.
[[nodiscard]] Work scoring_pass(const Trial& trial, const DecoderSize& decoder, const TaskSize& task, const TokenSums& inputs);

/// The least time that the work can take: no machine computes and moves faster than it can.
[[nodiscard]] double floor_s(const Work& work, const MachineRates& rates, Precision precision);

}  // namespace layersweep
