#pragma once

#include <map>
#include <memory>
#include <string>

#include "protocol/trial.hpp"
#include "worker/data/dataset.hpp"
#include "worker/data/encoding.hpp"
#include "worker/data/tokenizer.hpp"
#include "worker/device/device.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/family/family.hpp"
#include "worker/pulse.hpp"

namespace layersweep {

/// A model folder opened once per worker.
struct WarmModel {
    std::string folder;
    DecoderSpec spec;
    Checkpoint checkpoint;
    Tokenizer tokenizer;
};

/// What stays in a worker between trials: its device and pulse, opened model folders, read data sets, the last encoded tasks. One thread.
/// Entries are found by content fingerprint, so a changed folder is read anew.
class WarmStore {
public:
    explicit WarmStore(WorkerDevice device) : device_(std::move(device)) {}

    [[nodiscard]] WorkerDevice& device() { return device_; }
    [[nodiscard]] Pulse& pulse() { return pulse_; }
    /// What the device can do; all zeros where nobody told.
    [[nodiscard]] const MachineRates& rates() const { return rates_; }
    void know(const MachineRates& rates) { rates_ = rates; }
    [[nodiscard]] const WarmModel& model(const ModelRef& ref);
    [[nodiscard]] const Dataset& dataset(const DatasetRef& ref);
    /// Inputs of a trial; the same object again for the next trial that feeds the same (other layers, or p-cls after lm).
    [[nodiscard]] std::shared_ptr<const EncodedTask> task(const Trial& trial);

private:
    WorkerDevice device_;
    Pulse pulse_;
    MachineRates rates_;
    std::map<std::string, std::unique_ptr<WarmModel>> models_;
    std::map<std::string, std::unique_ptr<Dataset>> datasets_;
    std::map<std::string, std::shared_ptr<const EncodedTask>> tasks_;
};

}  // namespace layersweep
