#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "worker/parallel/collective.hpp"

namespace layersweep {

/// One wait of a gang's member for the others, as pauses between two looks: none at first, then yielding, then asleep for up to 100 us,
/// so that an exchange is fast and a long wait costs little. Adds the seconds of its own life to `waited_s`.
class GangWait {
public:
    GangWait(std::chrono::milliseconds timeout, const Interrupted& interrupted, double& waited_s);
    ~GangWait();
    GangWait(const GangWait&) = delete;
    GangWait& operator=(const GangWait&) = delete;
    /// Throws CollectiveLost when the time is up or the wait was interrupted. `awaited` names what is waited for in that text.
    void pause(const std::function<std::string()>& awaited);

private:
    using Clock = std::chrono::steady_clock;
    std::chrono::milliseconds timeout_;
    const Interrupted& interrupted_;
    double& waited_s_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point asked_ = start_;
    int pauses_ = 0;
};

}  // namespace layersweep
