#pragma once

#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <chrono>
#include <vector>

namespace layersweep {

/// Splits the time of a device into phases. Where operators run behind their callers, as on a GPU, the device itself notes the ends of
/// phases, and the seconds are added when it has passed them.
class PhaseClock {
public:
    explicit PhaseClock(c10::Device device) : device_(device) {}

    void begin();
    /// What passed since the last mark was spent on this. `seconds` must live until `settle`.
    void end_of(double& seconds);
    /// Adds what was noted; the device must be through with it, which the caller has waited for.
    void settle();
    /// Waits for the device, and settles.
    void finish();

private:
    struct Mark {
        c10::Event event;
        double* seconds;  ///< of the phase that ends here
    };
    void note(double* seconds);

    c10::Device device_;
    std::chrono::steady_clock::time_point last_{};
    std::vector<Mark> marks_;  ///< not on a CPU
};

}  // namespace layersweep
