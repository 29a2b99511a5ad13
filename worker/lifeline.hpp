#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace layersweep {

/// What ties a worker to its coordinator, and what the worker's process does when that is gone.
struct Lifeline {
    /// Called at most once, in a thread of the worker's own, while the thread that trains may be in a step of any length: a process ends
    /// itself here.
    std::function<void(const std::string& why)> cut;
    std::chrono::milliseconds beat = std::chrono::seconds(1);  ///< between two signs of life
    std::chrono::milliseconds patience =
        std::chrono::minutes(15);  ///< with a coordinator that says nothing at all: it may wait long for its disk
};

}  // namespace layersweep
