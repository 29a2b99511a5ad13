#pragma once

#include <memory>

#include "worker/device/device.hpp"
#include "worker/parallel/collective.hpp"

namespace layersweep {

/// How gangs of this device reduce: MPI on the CPU, NCCL on GPUs. A gang of one is solo on both.
[[nodiscard]] std::unique_ptr<CollectiveFactory> collective_factory(const WorkerDevice& device);

[[nodiscard]] std::unique_ptr<CollectiveFactory> mpi_collective_factory();
[[nodiscard]] std::unique_ptr<CollectiveFactory> nccl_collective_factory(const WorkerDevice& device);  ///< builds with CUDA only

/// The member's place in the gang; the leader has 0.
[[nodiscard]] int place_in_gang(WorkerId self, const to_worker::Assign& assign);

}  // namespace layersweep
