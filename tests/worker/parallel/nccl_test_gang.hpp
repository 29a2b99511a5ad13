#pragma once

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "tests/worker/parallel/gang_payload.hpp"
#include "worker/parallel/factory.hpp"

namespace layersweep::test {

/// All ranks use the first GPU: NCCL refuses that to the ranks of one host, and takes those that name different hosts for two machines.
inline WorkerDevice open_shared_gpu() {
    ::setenv("NCCL_HOSTID", ("rank-" + std::to_string(self().rank)).c_str(), /*overwrite=*/1);
    ::setenv("NCCL_SOCKET_IFNAME", "lo", /*overwrite=*/0);
    return WorkerDevice::open(Device::cuda, 0, 1);
}

/// A text as what an MPI gang can add up.
inline at::Tensor numbers_of(const std::string& text) {
    auto numbers = at::zeros({std::int64_t(text.size())}, at::kDouble);
    std::copy(text.begin(), text.end(), numbers.data_ptr<double>());
    return numbers;
}

/// The gang's leader's id, given to all by sums over MPI.
inline std::string agreed_nccl_id(CollectiveFactory& factory, const to_worker::Assign& assign) {
    constexpr std::int64_t digits = 256;  // an ncclUniqueId has 128 bytes
    const bool leads = self() == assign.gang.front();
    const auto codes = numbers_of(leads ? factory.fresh_nccl_id() : std::string(digits, '\0'));
    mpi_collective_factory()->make(self(), assign, {})->all_reduce_sum(codes);
    std::string id;
    for (std::int64_t i = 0; i < digits; ++i) id += char(codes.data_ptr<double>()[i]);
    return id;
}

/// An assignment to all ranks with the id of a new communicator.
inline to_worker::Assign nccl_assignment(CollectiveFactory& factory) {
    auto assign = assignment(all_ranks());
    assign.nccl_id = agreed_nccl_id(factory, assign);
    return assign;
}

}  // namespace layersweep::test
