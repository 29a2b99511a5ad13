#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "protocol/transport.hpp"

namespace layersweep {

/// A coordinator's end and N workers' ends in one process, each end for a thread of its own. Every message passes through the codec, as
/// between processes. The ends may be destroyed in any order; without the coordinator's, a worker's end first gives what was sent, then
/// throws.
struct InProcessTransport {
    std::unique_ptr<CoordinatorTransport> coordinator;
    std::vector<std::unique_ptr<WorkerTransport>> workers;  ///< workers[i] is WorkerId{i + 1}
    /// As if the worker's process had died: its calls throw MachineError, a waiting one at once, and the coordinator sees WorkerLost once,
    /// after what the worker had sent. From any thread.
    std::function<void(WorkerId)> kill;
};

[[nodiscard]] InProcessTransport in_process_transport(int workers);

}  // namespace layersweep
