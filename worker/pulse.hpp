#pragma once

#include <atomic>
#include <cstdint>

namespace layersweep {

/// Counts what a worker gets done: steps, evaluated batches, loaded and encoded parts. Where it stands still, so does the worker. Beats in
/// the thread that trains, read in any.
class Pulse {
public:
    void beat() { count_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> count_{0};
};

}  // namespace layersweep
