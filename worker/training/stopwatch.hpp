#pragma once

#include <chrono>
#include <utility>

namespace layersweep {

/// Adds the seconds of its own life to a counter.
class Stopwatch {
public:
    explicit Stopwatch(double& seconds) : seconds_(seconds) {}
    ~Stopwatch() { lap(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

    /// Adds what has passed until now and counts from here.
    void lap() {
        const auto now = std::chrono::steady_clock::now();
        seconds_ += std::chrono::duration<double>(now - std::exchange(start_, now)).count();
    }

private:
    double& seconds_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace layersweep
