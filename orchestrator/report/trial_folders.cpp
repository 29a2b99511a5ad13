#include "orchestrator/report/trial_folders.hpp"

#include <algorithm>

#include "orchestrator/report/csv_text.hpp"
#include "protocol/durable_file.hpp"

namespace layersweep {
namespace {

std::string class_name(std::span<const ClassLabel> classes, std::size_t id) {
    if (id >= classes.size()) return std::to_string(id);
    const auto& [value, word] = classes[id];
    const bool shared = std::ranges::count(classes, word, &ClassLabel::word) > 1;
    return word.empty() || shared ? value : word;
}

}  // namespace

std::string predictions_csv(const Result& result, std::span<const ClassLabel> classes) {
    std::size_t scores = classes.size();
    for (const Prediction& prediction : result.predictions) scores = std::max(scores, prediction.scores.size());
    CsvText csv;
    csv.text("row").text("label").text("predicted");
    for (std::size_t id = 0; id < scores; ++id) csv.text("score_" + class_name(classes, id));
    csv.end_row();
    for (const Prediction& prediction : result.predictions) {
        csv.number(prediction.row).number(std::int64_t{prediction.label}).number(std::int64_t{prediction.predicted});
        for (const double score : prediction.scores) csv.number(score);
        for (std::size_t id = prediction.scores.size(); id < scores; ++id) csv.empty();
        csv.end_row();
    }
    return csv.str();
}

TrialFolders::TrialFolders(const std::filesystem::path& results_folder)
    : predictions_(results_folder / "predictions"), checkpoints_(results_folder / "checkpoints") {
    make_folder(predictions_);
    make_folder(checkpoints_);
}

void TrialFolders::write_predictions(const Trial& trial, const Result& result) {
    replace_file(predictions_of(trial.key), predictions_csv(result, trial.dataset.classes), Durability::synced);
}

std::string TrialFolders::checkpoints_of(const TrialKey& key) const {
    return (checkpoints_ / key.hex).string();
}

void TrialFolders::remove_checkpoints(const TrialKey& key) noexcept {
    std::error_code stays;
    std::filesystem::remove_all(checkpoints_ / key.hex, stays);
}

void TrialFolders::tidy_checkpoints(const std::function<bool(const TrialKey&)>& has_result) {
    namespace fs = std::filesystem;
    std::error_code error;
    for (fs::directory_iterator trial(checkpoints_, error), end; !error && trial != end; trial.increment(error)) {
        const TrialKey key{trial->path().filename().string()};
        has_result(key) ? remove_checkpoints(key) : remove_files(trial->path(), is_aside);
    }
}

std::string TrialFolders::predictions_of(const TrialKey& key) const {
    return (predictions_ / (key.hex + ".csv")).string();
}

}  // namespace layersweep
