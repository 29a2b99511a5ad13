#pragma once

#include "protocol/messages.hpp"

namespace layersweep {

/// Ends the processes of workers that were given up, where it can reach them: a stopped one would stay for ever.
class WorkerReaper {
public:
    virtual ~WorkerReaper() = default;
    virtual void end(WorkerId worker, const WorkerFacts& facts) noexcept = 0;
};

}  // namespace layersweep
