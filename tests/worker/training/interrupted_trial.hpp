#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.hpp"
#include "tests/worker/training/tiny_trial.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep::test {

/// How one attempt went.
struct AttemptLog {
    std::optional<Result> result;  ///< nothing: it was abandoned; without timings, which no two runs share
    int asked = 0;                 ///< steps and batches of evaluation that were begun
    std::size_t steps = 0;
    std::vector<std::string> notices;
};

/// The word that an attempt hears when it asks for the n-th time, from 1; 0: never.
struct Interruption {
    int at = 0;
    WhatNext word = WhatNext::save_and_abandon;
};

inline AttemptLog attempt(const Trial& trial, const CheckpointPlan& plan, Interruption interruption, Collective& gang, WarmStore& store) {
    AttemptLog log;
    RecordedLosses losses;
    const TrialHooks hooks{.what_next = [&] { return ++log.asked == interruption.at ? interruption.word : WhatNext::go_on; },
                           .notice = [&](const std::string& text) { log.notices.push_back(text); },
                           .checkpoints = plan,
                           .observer = &losses};
    try {
        log.result = run_trial(trial, gang, store, hooks);
        log.result->timings = {};
    } catch (const TrialAbandoned&) {
    }
    log.steps = losses.losses.size();
    return log;
}

inline AttemptLog attempt(const Trial& trial, const CheckpointPlan& plan = {}, Interruption interruption = {}) {
    auto store = cold_store();
    return attempt(trial, plan, interruption, *solo_collective(), store);
}

/// The folder of one trial's checkpoints.
class CheckpointFolder {
public:
    [[nodiscard]] std::string path() const { return (folder_.path() / "trial").string(); }
    [[nodiscard]] CheckpointPlan plan() const { return {.folder = path()}; }
    [[nodiscard]] CheckpointPlan after_every_step() const { return {.folder = path(), .every = std::chrono::seconds(0)}; }
    [[nodiscard]] std::string state() const { return path() + "/state.safetensors"; }
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        std::error_code absent;
        for (const auto& entry : std::filesystem::directory_iterator(path(), absent)) names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }

private:
    TemporaryDirectory folder_;
};

/// 10 epochs of 5 steps; an attempt asks 6 times per epoch (steps, validation) and once more in the test.
inline Trial interruptible_trial(Mode mode, const TinyDataset& dataset) {
    auto trial = letters_trial("gpt2", mode, dataset);
    trial.key.hex = "0123456789abcdef0123456789abcdef";
    if (mode == Mode::lm) trial.training.dropout = 0.1;
    if (mode == Mode::cls) {  // learns, then stops early
        trial.training.learning_rate = 2e-2;
        trial.training.epochs = 15;
        trial.training.patience = 2;
    }
    return trial;
}

}  // namespace layersweep::test
