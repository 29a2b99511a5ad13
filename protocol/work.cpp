#include "protocol/work.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/errors.hpp"
#include "protocol/number_bytes.hpp"

namespace layersweep {

namespace {

/// Forward passes over these inputs, `passes` of them with the prefix computed once each where it is shared.
struct Passes {
    TokenSums inputs;
    std::int64_t passes = 0;
    std::int64_t prefix = 0;  ///< shared; 0: none

    [[nodiscard]] double shared() const { return static_cast<double>(prefix); }
    [[nodiscard]] double rows() const { return static_cast<double>(inputs.rows); }
    [[nodiscard]] double saved() const { return rows() - static_cast<double>(passes); }
    [[nodiscard]] double tokens() const { return static_cast<double>(inputs.tokens) - saved() * shared(); }
    [[nodiscard]] double pairs() const { return inputs.pairs - saved() * shared() * (shared() + 1) / 2; }
};

/// Scores that the loss reads per position.
double head_width(const Trial& trial, const DecoderSize& decoder, const TaskSize& task) {
    return double(reads_whole_vocabulary(trial.mode, trial.training.loss) ? decoder.vocabulary : task.classes);
}

double forward_flops(const Trial& trial, const DecoderSize& decoder, const Passes& passes, double head) {
    const auto matrices = double(decoder.block_matrices), keys_values = double(decoder.keys_values);
    const auto looks = 4 * double(decoder.query_width);  // of one token at one: a score and its share of a value
    const auto layers = double(trial.layers);
    const auto whole_block = 2 * passes.tokens() * matrices + looks * passes.pairs();
    const bool every_position = trial.mode == Mode::lm && trial.training.loss == Loss::prompt;
    const auto read = every_position ? passes.tokens() : passes.rows();
    const auto head_flops = 2 * read * double(decoder.d_model) * head;
    if (layers == 0 || !trial.shortcuts.label_position) return layers * whole_block + head_flops;
    // The last block: keys and values everywhere, the rest where it is read.
    const auto end_pairs = double(passes.inputs.tokens);
    const auto last_block = 2 * (passes.tokens() * keys_values + passes.rows() * (matrices - keys_values)) + looks * end_pairs;
    return (layers - 1) * whole_block + last_block + head_flops;
}

/// Of all members; one without a row makes none.
std::int64_t passes_per_epoch(const Trial& trial, const TaskSize& task) {
    const auto full = task.training.rows / trial.training.batch, rest = task.training.rows % trial.training.batch;
    return full * std::min(trial.training.batch, trial.resources.gang) + std::min(rest, trial.resources.gang);
}

std::int64_t prefix_of(const TaskSize& task, bool shared) {
    return shared && task.shared_prefix >= shortest_shared_prefix ? task.shared_prefix : 0;
}

}  // namespace

void TokenSums::add(std::int64_t length) {
    ++rows;
    tokens += length;
    pairs += double(length) * double(length + 1) / 2;
}

TokenSums TokenSums::times(double factor) const {
    return {std::llround(double(rows) * factor), std::llround(double(tokens) * factor), pairs * factor};
}

std::int64_t trained_parameters(const DecoderSize& decoder, Mode mode, std::int64_t layers, std::int64_t classes) {
    const auto own_head = decoder.has_tied_head ? 0 : decoder.vocabulary;
    const auto rows = decoder.vocabulary + decoder.position_rows + (mode == Mode::lm ? own_head : classes);
    return rows * decoder.d_model + decoder.final_norm + layers * decoder.block_parameters;
}

double held_parameters(const Trial& trial, const DecoderSize& decoder, const TaskSize& task) {
    auto held = decoder;
    std::int64_t label_rows = 0;
    if (trial.shortcuts.vocabulary) {
        held.vocabulary = task.distinct_tokens;
        held.position_rows = decoder.position_rows > 0 ? task.longest : 0;
        held.has_tied_head = true;
        if (!decoder.has_tied_head && trial.mode == Mode::lm) label_rows = task.classes;
    }
    return double(trained_parameters(held, trial.mode, trial.layers, task.classes) + label_rows * decoder.d_model);
}

std::int64_t tokens_of_a_long_batch(const Trial& trial, const TaskSize& task) {
    const auto& rows = task.training;
    const auto count = double(std::max<std::int64_t>(rows.rows, 1));
    const auto batch = double(std::min(trial.training.batch / trial.resources.gang, std::max<std::int64_t>(rows.rows, 1)));
    const double mean = double(rows.tokens) / count;
    const double mean_square = (2 * rows.pairs - double(rows.tokens)) / count;
    const double deviation = std::sqrt(std::max(0.0, mean_square - mean * mean));
    const double shared = (batch - 1) * double(prefix_of(task, trial.shortcuts.shared_prefix_in_training));
    return std::llround(std::min(batch * mean + 4 * std::sqrt(batch) * deviation, batch * double(task.longest)) - shared);
}

std::int64_t steps_per_epoch(const Trial& trial, const TaskSize& task) {
    return (task.training.rows + trial.training.batch - 1) / trial.training.batch;
}

Work training_epoch(const Trial& trial, const DecoderSize& decoder, const TaskSize& task) {
    const auto steps = steps_per_epoch(trial, task);
    const Passes passes{task.training, passes_per_epoch(trial, task), prefix_of(task, trial.shortcuts.shared_prefix_in_training)};
    // All numbers are written as gradients, and the optimizer reads four and writes three; blocks are read by both passes, of tables rows.
    constexpr double touches = 1 + 7, reads = 2;
    const auto numbers = touches * held_parameters(trial, decoder, task) + reads * double(trial.layers * decoder.block_parameters);
    const auto bytes = numbers * double(number_bytes(trial.training.precision) * steps * trial.resources.gang);
    return {3 * forward_flops(trial, decoder, passes, head_width(trial, decoder, task)), bytes};
}

Work scoring_pass(const Trial& trial, const DecoderSize& decoder, const TaskSize& task, const TokenSums& inputs) {
    const Passes passes{inputs, inputs.rows > 0 ? 1 : 0, prefix_of(task, trial.shortcuts.shared_prefix)};
    const auto bytes = double(number_bytes(trial.training.precision) * trial.layers * decoder.block_parameters);
    return {forward_flops(trial, decoder, passes, double(task.classes)), bytes};
}

double floor_s(const Work& work, const MachineRates& rates, Precision precision) {
    const auto rate = rates.flops_per_s(precision);
    LAYERSWEEP_CHECK(rates.known() && rate > 0, "the machine was not measured");
    return std::max(work.flops / rate, work.bytes / rates.bandwidth);
}

}  // namespace layersweep
