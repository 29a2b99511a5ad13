#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "protocol/trial.hpp"
#include "tests/worker/training/tiny_task.hpp"
#include "worker/model/family/family.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/trainer.hpp"
#include "worker/training/warm_store.hpp"

namespace layersweep::test {

/// Under fixtures/, one model of each form of decoder.
inline const std::vector<std::string> tiny_models{"gpt2", "opt", "llama", "llama-untied"};

/// As a part of a test's name.
inline std::string test_name(std::string model) {
    std::ranges::replace(model, '-', '_');
    return model;
}

/// LAYERSWEEP_TEST_DEVICE (cpu, cuda); the CPU where nothing is said. The tests on a GPU are these with cuda.
inline Device test_device() {
    const char* said = std::getenv("LAYERSWEEP_TEST_DEVICE");
    return said == nullptr ? Device::cpu : parse<Device>(said).value();
}

/// By how much two exact ways to the same double-precision numbers may part, relatively. RMS norms round to float32 on the way, as
/// transformers' do, and a sum of rounded gradients is not the rounded sum; on a GPU the sums have another order besides.
inline double rounding_of(const std::string& model) {
    if (read_decoder_spec(fixture_folder(model)).norm != Norm::rms) return 1e-8;
    return test_device() == Device::cpu ? 1e-6 : 1e-5;
}

inline WarmStore cold_store(Device device = test_device()) {
    return WarmStore(WorkerDevice::open(device, 0, 1));
}

/// Keeps the losses of all steps.
class RecordedLosses final : public TrialObserver {
public:
    void on_start(const std::function<void(const std::string&)>&, const std::vector<std::int32_t>&) override {}
    void on_step(const StepRecord& step) override { losses.push_back(step.loss); }
    [[nodiscard]] bool wants_stop() override { return false; }
    std::vector<double> losses;
};

/// What a trial computes: without its timings, so that two of them compare.
struct Outcome {
    std::vector<double> losses;
    Result result;
};

inline Outcome outcome_of(const Trial& trial, Collective& gang, WarmStore& store) {
    RecordedLosses observer;
    auto result = run_trial(trial, gang, store, {.observer = &observer});
    result.timings = {};
    return {observer.losses, result};
}

inline Outcome outcome_on(Device device, const Trial& trial) {
    auto store = cold_store(device);
    return outcome_of(trial, *solo_collective(), store);
}

inline std::vector<const EncodedRow*> pointers_to(const std::vector<EncodedRow>& rows) {
    std::vector<const EncodedRow*> pointers;
    for (const auto& row : rows) pointers.push_back(&row);
    return pointers;
}

}  // namespace layersweep::test
