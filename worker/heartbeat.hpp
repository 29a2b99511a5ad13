#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "protocol/transport.hpp"
#include "worker/lifeline.hpp"
#include "worker/pulse.hpp"

namespace layersweep {

/// Tells the coordinator, in a thread of its own, that the worker lives and how far it got, and cuts the lifeline where the coordinator is
/// gone or has been silent for too long. What it is given must outlive it; its thread ends with it.
class Heartbeat {
public:
    Heartbeat(WorkerTransport& transport, const Pulse& pulse, const Lifeline& lifeline);

private:
    using Clock = std::chrono::steady_clock;
    void run(const std::stop_token& stop);
    void beat();

    WorkerTransport& transport_;
    const Pulse& pulse_;
    const Lifeline& lifeline_;
    Clock::time_point last_beat_ = Clock::now();
    Clock::duration silence_{0};  ///< of the coordinator, as long as this thread listened
    std::uint64_t heard_ = 0;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;  ///< last: it uses all above
};

}  // namespace layersweep
