#pragma once

#include <chrono>
#include <memory>

#include "worker/device/device.hpp"
#include "worker/parallel/collective.hpp"

namespace layersweep {

/// How long a member waits for the others: their steps take about the same time, but one may still be reading its model. The coordinator
/// gives up a member that is stuck long before.
inline constexpr std::chrono::minutes gang_timeout{30};

/// How gangs of this device reduce: MPI on the CPU, NCCL on GPUs. A gang of one is solo on both.
[[nodiscard]] std::unique_ptr<CollectiveFactory> collective_factory(const WorkerDevice& device);

/// Point-to-point messages on MPI_COMM_WORLD; a worker's id is its rank there. A dead member is seen under `mpirun --with-ft ulfm`, any
/// silent one after `timeout`. MPI runs from before the first gang until after the last; a gang of one needs none.
[[nodiscard]] std::unique_ptr<CollectiveFactory> mpi_collective_factory(std::chrono::milliseconds timeout = gang_timeout);

/// Sums run on a stream of their own, behind what the starting thread's current CUDA stream holds; builds with CUDA only. The wait for
/// them ends when the GPU is done, so that a lost member is noticed here and not in a later synchronisation that would never end. NCCL
/// chooses the order of additions by the sizes of the gang and of what is summed, and by the place in it: the same in every run.
[[nodiscard]] std::unique_ptr<CollectiveFactory> nccl_collective_factory(const WorkerDevice& device,
                                                                         std::chrono::milliseconds timeout = gang_timeout);

/// The member's place in the gang; the leader has 0.
[[nodiscard]] int place_in_gang(WorkerId self, const to_worker::Assign& assign);

}  // namespace layersweep
