#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/trial.hpp"
#include "worker/device/device.hpp"
#include "worker/model/pristine_tensors.hpp"
#include "worker/pulse.hpp"
#include "worker/training/task_inputs.hpp"
#include "worker/training/task_preparer.hpp"

namespace layersweep {

/// What stays in a worker between trials: its device and pulse, opened model folders and their tensors, read data sets, the last encoded
/// tasks. Entries are found by content fingerprint, so a changed folder is read anew. One thread; what a second one makes ready is the
/// preparer's until it is taken over here.
class WarmStore {
public:
    explicit WarmStore(WorkerDevice device) : WarmStore(device, device.bytes_to_keep_warm()) {}
    /// `pristine_bytes`: of tensors that stay on the device.
    WarmStore(WorkerDevice device, std::size_t pristine_bytes)
        : device_(std::move(device)), pristine_bytes_(pristine_bytes), pristine_(device_.torch_device(), pristine_bytes) {}

    [[nodiscard]] WorkerDevice& device() { return device_; }
    [[nodiscard]] Pulse& pulse() { return pulse_; }
    /// What the device can do; all zeros where nobody told.
    [[nodiscard]] const MachineRates& rates() const { return rates_; }
    void know(const MachineRates& rates) { rates_ = rates; }
    [[nodiscard]] const WarmModel& model(const ModelRef& ref);
    [[nodiscard]] PristineTensors& pristine() { return pristine_; }
    /// Inputs of a trial; the same object again for the next trial that feeds the same (other layers, or p-cls after lm).
    [[nodiscard]] std::shared_ptr<const EncodedTask> task(const Trial& trial);
    /// Lets the inputs of a trial that will probably come be made while another one trains.
    void prepare(const Trial& next);
    [[nodiscard]] bool is_preparing() const { return preparer_.is_at_work(); }
    /// A trial that is tried again may have run out of memory before: it gets what pristine tensors would take.
    void begin_attempt(std::uint32_t number) { pristine_.limit_to(number == 1 ? pristine_bytes_ : 0); }

private:
    [[nodiscard]] TaskInputs known_of(const Trial& trial) const;
    void keep(const Trial& trial, const TaskInputs& inputs);
    void keep_prepared();

    WorkerDevice device_;
    Pulse pulse_;
    MachineRates rates_;
    std::size_t pristine_bytes_;
    PristineTensors pristine_;
    std::map<std::string, std::shared_ptr<const WarmModel>> models_;
    std::map<std::string, std::shared_ptr<const Dataset>> datasets_;
    std::vector<std::pair<std::string, std::shared_ptr<const EncodedTask>>> tasks_;  ///< oldest first
    TaskPreparer preparer_;
};

}  // namespace layersweep
