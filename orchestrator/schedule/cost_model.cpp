#include "orchestrator/schedule/cost_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace layersweep {
namespace {

// Chosen to fit measured trials; docs/speed.md says how well they do.
/// A product of width d reaches d / (d + this) of the machine's rate, the passes between products counted in. Numbers that are rounded
/// for the products alone make only these faster.
constexpr double half_rate_width = 120;
/// Operators of one forward pass, besides and per block; the backward pass and what it needs take twice as many.
constexpr double operators_per_pass = 60;
constexpr double operators_per_block = 30;
/// Inputs that are scored in one batch hold about so many tokens.
constexpr double tokens_scored_at_once = 4096;
/// To answer the coordinator and to draw the sample.
constexpr double seconds_besides = 0.004;

/// Patience ends most trials before their last epoch; nobody knows when. A third of the epochs that it can save are run.
double expected_epochs(const TrainingSettings& training) {
    const auto all = double(training.epochs);
    const auto patience = double(training.patience.value_or(training.epochs));
    return patience >= all ? all : std::min(all, patience + std::ceil((all - patience) / 3));
}

/// The parts of a trial on one machine, in seconds.
class Parts {
public:
    Parts(const Trial& trial, const TrialSize& size, const MachineRates& rates) : trial_(trial), size_(size), rates_(rates) {}

    [[nodiscard]] double epoch_s() const {
        const auto steps = double(steps_per_epoch(trial_, size_.task));
        return seconds(training_epoch(trial_, size_.decoder, size_.task), 3 * steps) + steps * reduce_s();
    }
    [[nodiscard]] double scoring_s(const TokenSums& inputs) const {
        if (inputs.rows == 0) return 0;
        const auto shared = trial_.shortcuts.shared_prefix ? double(size_.task.shared_prefix) : 0;
        const auto computed = double(inputs.tokens) - double(inputs.rows) * shared;
        const auto batches = 1 + computed / tokens_scored_at_once / members();
        return seconds(scoring_pass(trial_, size_.decoder, size_.task, inputs), batches);
    }
    [[nodiscard]] double start_s() const {
        constexpr double copies = 8;  // read, stored, and the buffers of gradients and moments filled
        return copies * parameter_bytes() / rates_.bandwidth;
    }

private:
    [[nodiscard]] double members() const { return double(trial_.resources.gang); }
    [[nodiscard]] double parameter_bytes() const { return 4 * held_parameters(trial_, size_.decoder, size_.task); }
    /// Gradients go out, are added and come back.
    [[nodiscard]] double reduce_s() const {
        constexpr double passes_over_memory = 6;
        return trial_.resources.gang == 1 ? 0 : passes_over_memory * parameter_bytes() / rates_.bandwidth;
    }
    /// Work of the whole gang, `passes` of each member, which starts all of its operators itself.
    [[nodiscard]] double seconds(const Work& work, double passes) const {
        const auto known = rates_.flops_per_s(trial_.training.precision);
        const auto rate = known > 0 ? known : rates_.fp32;
        const auto products =
            work.flops / rate + work.flops / std::min(rate, rates_.fp32) * half_rate_width / double(size_.decoder.d_model);
        const auto operators = passes * (operators_per_pass + operators_per_block * double(trial_.layers)) * rates_.operator_s;
        return (products + work.bytes / rates_.bandwidth) / members() + operators;
    }
    const Trial& trial_;
    const TrialSize& size_;
    const MachineRates& rates_;
};

/// Kinds of trials that are alike, the narrowest first.
std::array<std::string, 3> kinds_of(const Trial& trial) {
    const auto model = fmt::format("{}/{}/{}", trial.model.name, name_of(trial.training.precision), trial.resources.gang);
    const auto mode = fmt::format("{}/{}", model, name_of(trial.mode));
    return {fmt::format("{}/{}", mode, trial.layers), mode, model};
}

MachineRates slower_of(const MachineRates& a, const MachineRates& b) {
    return {.fp32 = std::min(a.fp32, b.fp32),
            .tf32 = std::min(a.tf32, b.tf32),
            .bf16 = std::min(a.bf16, b.bf16),
            .fp64 = std::min(a.fp64, b.fp64),
            .bandwidth = std::min(a.bandwidth, b.bandwidth),
            .operator_s = std::max(a.operator_s, b.operator_s)};
}

}  // namespace

MachineRates nominal_rates() {
    return {.fp32 = 80e9, .tf32 = 80e9, .bf16 = 150e9, .fp64 = 40e9, .bandwidth = 10e9, .operator_s = 2e-6};
}

double foreseen_s(const Trial& trial, const TrialSize& size, const MachineRates& rates) {
    const Parts parts(trial, size, rates);
    const auto epochs = expected_epochs(trial.training);
    const bool scores_once = trial.training.epochs == 0;
    const auto validations = scores_once ? 1 : epochs;
    return seconds_besides + parts.start_s() + epochs * parts.epoch_s() + validations * parts.scoring_s(size.task.validation) +
           parts.scoring_s(size.task.test);
}

CostModel::CostModel(const std::vector<Trial>& trials, std::vector<TrialSize> sizes) : trials_(trials), sizes_(std::move(sizes)) {}

void CostModel::know(const MachineRates& rates) {
    if (!rates.known()) return;
    const auto before = rates_;
    rates_ = rates_ ? slower_of(*rates_, rates) : rates;
    if (rates_ == before) return;
    ratios_.clear();
    for (const auto& [trial, seconds] : measured_s_) count(trial);
}

double CostModel::uncorrected_s(std::size_t trial) const {
    return foreseen_s(trials_.at(trial), sizes_.at(trial), rates_.value_or(nominal_rates()));
}

void CostModel::learn(std::size_t trial, const Timings& measured) {
    const bool possible = std::isfinite(measured.total_s) && measured.total_s > 0;
    if (possible && measured_s_.emplace(trial, measured.total_s).second) count(trial);
}

void CostModel::count(std::size_t trial) {
    const auto logarithm = std::log(measured_s_.at(trial) / uncorrected_s(trial));
    for (const auto& kind : kinds_of(trials_.at(trial))) {
        ratios_[kind].sum_of_logarithms += logarithm;
        ++ratios_[kind].count;
    }
}

double CostModel::predicted_s(std::size_t trial) const {
    const auto seconds = uncorrected_s(trial);
    for (const auto& kind : kinds_of(trials_.at(trial)))
        if (const auto found = ratios_.find(kind); found != ratios_.end())
            return seconds * std::exp(found->second.sum_of_logarithms / double(found->second.count));
    return seconds;
}

}  // namespace layersweep
