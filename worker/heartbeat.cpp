#include "worker/heartbeat.hpp"

#include <algorithm>

#include "protocol/errors.hpp"

namespace layersweep {

Heartbeat::Heartbeat(WorkerTransport& transport, const Pulse& pulse, const Lifeline& lifeline)
    : transport_(transport), pulse_(pulse), lifeline_(lifeline), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Heartbeat::run(const std::stop_token& stop) {
    try {
        while (true) {
            {
                std::unique_lock lock(mutex_);
                stopped_.wait_for(lock, stop, lifeline_.beat, [] { return false; });
            }
            if (stop.stop_requested()) return;
            beat();
        }
    } catch (const std::exception& error) {
        lifeline_.cut(error.what());
    }
}

void Heartbeat::beat() {
    transport_.send(to_coordinator::Alive{pulse_.count()});
    const auto now = Clock::now();
    // A process that was stopped for an hour has not listened either: a beat counts for no more than it should have taken, and some.
    const auto listened = std::min<Clock::duration>(now - last_beat_, 2 * lifeline_.beat);
    last_beat_ = now;
    const auto heard = transport_.heard();
    silence_ = heard == heard_ ? silence_ + listened : Clock::duration(0);
    heard_ = heard;
    if (silence_ <= lifeline_.patience) return;
    throw MachineError("nothing was heard from the coordinator for " +
                       std::to_string(std::chrono::duration_cast<std::chrono::seconds>(silence_).count()) + " s");
}

}  // namespace layersweep
