#pragma once

#include "orchestrator/clock.hpp"

namespace layersweep::test {

/// A clock that goes on only when it is told to.
class ManualClock final : public Clock {
public:
    [[nodiscard]] std::chrono::milliseconds now() const override { return now_; }
    [[nodiscard]] std::int64_t unix_ms() const override { return 1'000'000 + now_.count(); }
    void advance(std::chrono::milliseconds by) { now_ += by; }

private:
    std::chrono::milliseconds now_{0};
};

}  // namespace layersweep::test
