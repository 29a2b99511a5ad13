#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/messages.hpp"

namespace layersweep {

struct FromWorker {
    WorkerId worker;
    ToCoordinator message;
};
/// The worker is gone for good; reported once.
struct WorkerLost {
    WorkerId worker;
    std::string why;
};
using Incoming = std::variant<FromWorker, WorkerLost>;

/// The coordinator's end. One thread. Messages of one worker arrive in the order sent.
class CoordinatorTransport {
public:
    virtual ~CoordinatorTransport() = default;
    [[nodiscard]] virtual std::vector<WorkerId> workers() const = 0;  ///< all that were started, lost or not
    virtual void send(WorkerId to, const ToWorker& message) = 0;      ///< to a lost worker: dropped
    /// Waits at most `timeout`, asleep for most of it; nullopt when nothing came.
    [[nodiscard]] virtual std::optional<Incoming> receive(std::chrono::milliseconds timeout) = 0;
};

/// A worker's end. One thread receives; any may send and ask for the silence, and none blocks another for long. Messages leave in the order
/// in which `send` was called. Throws MachineError from send and receive when the coordinator is gone.
class WorkerTransport {
public:
    virtual ~WorkerTransport() = default;
    /// Moves everything else that is on its way on, too, in both directions: what arrives waits for `receive`.
    virtual void send(const ToCoordinator& message) = 0;
    [[nodiscard]] virtual std::optional<ToWorker> receive(std::chrono::milliseconds timeout) = 0;  ///< 0 ms: a cheap look
    /// Messages of the coordinator that have arrived so far, taken by `receive` or not. From any thread.
    [[nodiscard]] virtual std::uint64_t heard() const = 0;
};

}  // namespace layersweep
