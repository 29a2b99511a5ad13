#pragma once

#include <span>
#include <string>

#include "orchestrator/prediction_sink.hpp"
#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// Every test row's prediction as CSV: row, label, predicted (class ids), then one logit per class, named score_<label word>; the value
/// in the file stands for a word that two classes share, and the class id where the class has no name.
[[nodiscard]] std::string predictions_csv(const Result& result, std::span<const ClassLabel> classes);

/// The folder predictions/ of a results folder, one file per finished trial.
class PredictionFiles final : public PredictionSink {
public:
    /// Makes the folder where it is missing. Throws MachineError.
    explicit PredictionFiles(const std::string& results_folder);
    /// On the disk when the call returns; an earlier file of the same trial is replaced in one step. Throws MachineError.
    void write(const Trial& trial, const Result& result) override;
    [[nodiscard]] std::string path_of(const TrialKey& key) const;

private:
    std::string folder_;
};

}  // namespace layersweep
