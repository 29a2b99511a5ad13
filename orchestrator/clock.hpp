#pragma once

#include <chrono>
#include <cstdint>

namespace layersweep {

/// Where the coordinator gets the time from.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::chrono::milliseconds now() const = 0;  ///< since some fixed moment; never goes back
    [[nodiscard]] virtual std::int64_t unix_ms() const = 0;           ///< since 1970, for people
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::chrono::milliseconds now() const override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
    }
    [[nodiscard]] std::int64_t unix_ms() const override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
};

}  // namespace layersweep
