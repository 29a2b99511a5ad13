#pragma once

#include "orchestrator/worker_reaper.hpp"

namespace layersweep {

/// Kills workers that were given up where they run on this host under the same launcher; those elsewhere leave by themselves, since they
/// hear nothing any more.
class HostReaper final : public WorkerReaper {
public:
    void end(WorkerId worker, const WorkerFacts& facts) noexcept override;
};

}  // namespace layersweep
