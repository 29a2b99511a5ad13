#include "worker/training/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "protocol/errors.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep {

namespace {

/// Writes every step as one line.
class TraceWriter final : public TrialObserver {
public:
    TraceWriter(std::string folder, Mode mode, std::optional<std::int64_t> steps)
        : folder_(std::move(folder)), mode_(mode), steps_(steps), out_(folder_ + "/trace.jsonl") {
        if (!out_) throw ConfigError(folder_, "cannot write trace.jsonl", "the folder is not writable", "name another folder with --out");
    }

    void on_start(const std::function<void(const std::string&)>& export_to, const std::vector<std::int32_t>& label_token_ids) override {
        label_token_ids_ = label_token_ids;
        export_to(folder_ + "/checkpoint");
    }

    void on_step(const StepRecord& step) override {
        std::size_t longest = 0;
        std::vector<std::size_t> lengths;
        for (const auto& row : step.input_ids) {
            lengths.push_back(row.size());
            longest = std::max(longest, row.size());
        }
        auto padded = step.input_ids;
        for (auto& row : padded) row.resize(longest, 0);
        const nlohmann::ordered_json line{{"input_ids", padded},    {"lengths", lengths},
                                          {"labels", step.labels},  {"label_token_ids", label_token_ids_},
                                          {"mode", name_of(mode_)}, {"loss", step.loss}};
        out_ << line.dump() << '\n';
        ++written_;
    }

    [[nodiscard]] bool wants_stop() override { return steps_ && written_ >= *steps_; }

    [[nodiscard]] std::int64_t written() {
        out_.flush();
        if (!out_) throw MachineError("trace.jsonl could not be written whole: is the disk full?");
        return written_;
    }

private:
    std::string folder_;
    Mode mode_;
    std::optional<std::int64_t> steps_;
    std::ofstream out_;
    std::vector<std::int32_t> label_token_ids_;
    std::int64_t written_ = 0;
};

}  // namespace

std::string trace_trial(const Trial& trial, const std::string& folder, std::optional<std::int64_t> steps, WarmStore& warm) {
    const auto checkpoint = folder + "/checkpoint";
    if (std::filesystem::exists(checkpoint) && std::filesystem::equivalent(checkpoint, trial.model.path))
        throw ConfigError(checkpoint, "this is the model's own folder", "the cut model would replace the whole one",
                          "name another folder with --out");
    std::filesystem::create_directories(folder);
    TraceWriter writer(folder, trial.mode, steps);
    const auto solo = solo_collective();
    try {
        const auto result = run_trial(trial, *solo, warm, {.observer = &writer});
        return fmt::format("{} steps written to {}/trace.jsonl; final weights {}", writer.written(), folder, result.weights_hash);
    } catch (const TrialFailed& failed) {
        throw MachineError(fmt::format("the trial failed: {}: {}", name_of(failed.failure.reason), failed.failure.detail));
    }
}

}  // namespace layersweep
