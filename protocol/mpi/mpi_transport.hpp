#pragma once

#include <memory>
#include <vector>

#include "protocol/transport.hpp"

namespace layersweep {

/// MPI from start to end of the process: one per process, made before threads use MPI (MPI_THREAD_MULTIPLE). Errors on MPI_COMM_WORLD come
/// back as return codes. Start and end are bounded: where MPI_Init or MPI_Finalize hangs (a rank died, a frozen node), the process leaves.
class MpiSession {
public:
    MpiSession();
    ~MpiSession();
    MpiSession(const MpiSession&) = delete;
    MpiSession& operator=(const MpiSession&) = delete;

    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int size() const { return size_; }
    [[nodiscard]] int local_rank() const { return local_rank_; }  ///< among the ranks of this node
    /// Among the workers of this node, from 0: its number picks the GPU. -1 at the coordinator (rank 0).
    [[nodiscard]] int local_worker() const { return local_worker_; }
    /// What the process returns if MPI_Finalize has to be given up.
    void set_exit_code(int code) { exit_code_ = code; }
    /// Buffers that MPI may still touch until it is finalized.
    void keep_until_finalized(std::shared_ptr<void> buffers) { kept_.push_back(std::move(buffers)); }

private:
    int rank_ = 0;
    int size_ = 1;
    int local_rank_ = 0;
    int local_worker_ = -1;
    int exit_code_ = 0;
    std::vector<std::shared_ptr<void>> kept_;
};

/// The two ends over point-to-point messages on MPI_COMM_WORLD (tags below 1000). Under `mpirun --with-ft ulfm` the death of a worker is
/// reported as WorkerLost, after what had arrived from it, and the death of the coordinator as MachineError; without, MPI ends the job.
/// One end per session: it takes in all that is sent to this rank. Destroying it waits a few seconds at most for what was sent to be taken.
/// The session must outlive it.
[[nodiscard]] std::unique_ptr<CoordinatorTransport> mpi_coordinator(MpiSession& session);
[[nodiscard]] std::unique_ptr<WorkerTransport> mpi_worker(MpiSession& session);

}  // namespace layersweep
