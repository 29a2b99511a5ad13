#pragma once

#include <cstddef>
#include <vector>

namespace layersweep {

constexpr int any_source = -1;

enum class TransferState { under_way, done, peer_dead };

/// One send or receive on MPI_COMM_WORLD that is under way, by its MPI_Request: the few calls that the boxes need, free of MPI's header.
/// A call that meets a dead rank says so; any other error is a MachineError. The memory given must stay until the transfer is done.
class Transfer {
public:
    [[nodiscard]] TransferState start_send(const void* data, std::size_t bytes, int to, int tag);
    [[nodiscard]] TransferState start_receive(void* data, std::size_t bytes, int from, int tag);
    /// Moves all of MPI on. A receive from any source that says peer_dead goes on after acknowledge_dead().
    [[nodiscard]] TransferState test();
    void cancel();
    [[nodiscard]] bool active() const { return request_ != nullptr; }
    [[nodiscard]] int source() const { return source_; }  ///< of a receive that is done

private:
    void* request_ = nullptr;  ///< null: nothing is under way
    int source_ = any_source;
};

/// Every rank that MPI knows to be dead.
[[nodiscard]] std::vector<int> acknowledge_dead();

}  // namespace layersweep
