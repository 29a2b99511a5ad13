#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "orchestrator/trial_files.hpp"
#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// Every test row's prediction as CSV: row, label, predicted (class ids), then one logit per class, named score_<label word>; the value
/// in the file stands for a word that two classes share, and the class id where the class has no name.
[[nodiscard]] std::string predictions_csv(const Result& result, std::span<const ClassLabel> classes);

/// The folders predictions/ (a file per finished trial) and checkpoints/ (a folder per trial that runs or was interrupted) of a results
/// folder.
class TrialFolders final : public TrialFiles {
public:
    /// Makes them where they are missing. `results_folder`: absolute where workers shall find checkpoints. Throws StorageError.
    explicit TrialFolders(const std::filesystem::path& results_folder);
    /// On the disk when the call returns; an earlier file of the same trial is replaced in one step. Throws StorageError.
    void write_predictions(const Trial& trial, const Result& result) override;
    [[nodiscard]] std::string checkpoints_of(const TrialKey& key) const override;
    void remove_checkpoints(const TrialKey& key) noexcept override;
    /// For the start of a life, when nobody writes checkpoints: what a life that was killed left goes, which is checkpoints of trials that
    /// have their result, and files half written. Looks at what is there, not at every trial of the grid.
    void tidy_checkpoints(const std::function<bool(const TrialKey&)>& has_result);
    [[nodiscard]] std::string predictions_of(const TrialKey& key) const;

private:
    std::filesystem::path predictions_, checkpoints_;
};

}  // namespace layersweep
