#include "worker/heartbeat.hpp"

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
    const auto silence = transport_.silence();
    if (silence <= lifeline_.patience) return;
    throw MachineError("nothing was heard from the coordinator for " +
                       std::to_string(std::chrono::duration_cast<std::chrono::seconds>(silence).count()) + " s");
}

}  // namespace layersweep
