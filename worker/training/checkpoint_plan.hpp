#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace layersweep {

/// Bytes that this user may still write where `folder` is. Throws MachineError.
[[nodiscard]] std::uint64_t free_bytes(const std::string& folder);

/// Where and how often a trial is saved.
struct CheckpointPlan {
    std::string folder;               ///< the trial's own, made with the first checkpoint; empty: none is read or written
    std::chrono::seconds every{600};  ///< wall clock, from one checkpoint's end
    std::function<std::uint64_t(const std::string& folder)> room = free_bytes;
};

}  // namespace layersweep
