#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>

namespace layersweep::simulation {

using std::chrono::milliseconds;

/// All that is random in one simulated sweep, from one seed; the same on every machine.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : engine_(seed * 0x9e3779b97f4a7c15U + 1) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + std::int64_t(below(std::uint64_t(high - low + 1)));
    }
    [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
    [[nodiscard]] double part() { return double(below(1001)) / 1000; }
    [[nodiscard]] milliseconds time(std::int64_t low_ms, std::int64_t high_ms) { return milliseconds{between(low_ms, high_ms)}; }

private:
    std::mt19937_64 engine_;
};

/// How often each kind of fault really happened.
using FaultCounts = std::map<std::string, std::int64_t>;

/// Thrown out of any call that a coordinator makes: its process dies there. No std::exception, so that nothing catches it.
struct Crash {};

/// What no seed may ever show.
struct Violation {
    std::string what;
};

}  // namespace layersweep::simulation
