#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace layersweep {

/// How long to sleep between two looks for a message: short after one came, longer and longer while none does, so that waiting costs
/// almost no processor time.
class Backoff {
public:
    void reset() { next_ = shortest; }
    /// Sleeps, never beyond `deadline`. False where the deadline has passed.
    bool sleep_until_next(std::chrono::steady_clock::time_point deadline) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds::zero()) return false;
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, next_));
        next_ = std::min(next_ * 2, longest);
        return true;
    }

private:
    static constexpr std::chrono::microseconds shortest{20};
    static constexpr std::chrono::microseconds longest{2000};
    std::chrono::microseconds next_ = shortest;
};

}  // namespace layersweep
