#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/result.hpp"
#include "protocol/trial.hpp"
#include "protocol/work.hpp"

namespace layersweep {

/// What a trial's seconds depend on besides its settings.
struct TrialSize {
    DecoderSize decoder;
    TaskSize task;
};

/// What the model takes for a machine that nobody has measured: one core of a server.
[[nodiscard]] MachineRates nominal_rates();

/// Seconds that a trial takes on a machine with these rates, from the assignment to the result, its gang at work: the work that has to be
/// done at least (protocol/work.hpp), what small matrices and the operators between the products add, and a guess of when patience ends it.
[[nodiscard]] double foreseen_s(const Trial& trial, const TrialSize& size, const MachineRates& rates);

/// Foresees seconds and learns from what finished: the ratio of measured to foreseen seconds, for trials of the same model, precision,
/// gang, mode and number of layers, or where there are none less and less alike. Pure: the same calls give the same answers.
class CostModel {
public:
    /// `trials` must outlive it.
    CostModel(const std::vector<Trial>& trials, std::vector<TrialSize> sizes);

    /// What a worker's machine was measured to do; of several the least, as any of them may get the trial.
    void know(const MachineRates& rates);
    /// How long a trial took on a machine like those.
    void learn(std::size_t trial, const Timings& measured);
    [[nodiscard]] double predicted_s(std::size_t trial) const;

private:
    struct Ratio {
        double sum_of_logarithms = 0;
        std::int64_t count = 0;
    };
    [[nodiscard]] double uncorrected_s(std::size_t trial) const;
    void count(std::size_t trial);

    const std::vector<Trial>& trials_;
    std::vector<TrialSize> sizes_;
    std::optional<MachineRates> rates_;
    std::map<std::size_t, double> measured_s_;  ///< by trial
    std::map<std::string, Ratio> ratios_;       ///< by kind of trial
};

}  // namespace layersweep
