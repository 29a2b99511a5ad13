#include "worker/device/phase_clock.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

#include "worker/device/synchronize.hpp"

namespace layersweep {

void PhaseClock::note(double* seconds) {
    const c10::impl::VirtualGuardImpl guard(device_.type());
    Mark mark{c10::Event(device_.type(), c10::EventFlag::BACKEND_DEFAULT), seconds};
    mark.event.record(guard.getStream(device_));
    marks_.push_back(std::move(mark));
}

void PhaseClock::begin() {
    if (device_.is_cpu())
        last_ = std::chrono::steady_clock::now();
    else
        note(nullptr);
}

void PhaseClock::end_of(double& seconds) {
    if (!device_.is_cpu()) return note(&seconds);
    const auto now = std::chrono::steady_clock::now();
    seconds += std::chrono::duration<double>(now - std::exchange(last_, now)).count();
}

void PhaseClock::finish() {
    if (marks_.empty()) return;
    synchronize(device_);
    settle();
}

void PhaseClock::settle() {
    for (std::size_t i = 1; i < marks_.size(); ++i)
        if (marks_[i].seconds != nullptr) *marks_[i].seconds += marks_[i - 1].event.elapsedTime(marks_[i].event) / 1000;
    marks_.clear();
}

}  // namespace layersweep
