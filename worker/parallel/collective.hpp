#pragma once

#include <functional>
#include <memory>

#include "protocol/errors.hpp"
#include "protocol/messages.hpp"

namespace at {
class Tensor;
}

namespace layersweep {

/// The gang cannot go on: a member is lost, a wait took too long, or the attempt was abandoned meanwhile. The worker itself is sound.
class CollectiveLost : public MachineError {
public:
    using MachineError::MachineError;
};

/// Asked while a member waits for the others; true: give up waiting and throw CollectiveLost.
using Interrupted = std::function<bool()>;

/// What the members of a gang do together. Every member calls the same methods in the same order. Throws CollectiveLost.
class Collective {
public:
    virtual ~Collective() = default;
    [[nodiscard]] virtual int rank() const = 0;  ///< 0 is the leader
    [[nodiscard]] virtual int size() const = 0;
    /// Begins a sum over all members, in place, in the same fixed order on every member and whatever the timing, so that all hold the
    /// same bits. `flat`: contiguous, 1-D, on the collective's device, floating point (float32 or float64); written before, in the order
    /// of the calling thread's stream, and not touched until `finish_sums`. Called by one thread at a time, not always the same.
    /// What runs meanwhile: on GPUs the sums themselves, on a stream of their own; on CPUs nothing, since the cores that would move and
    /// add numbers are those that compute the next ones.
    virtual void start_sum(const at::Tensor& flat) = 0;
    /// Returns when all sums that were begun are there.
    virtual void finish_sums() = 0;
    /// One sum, begun and finished.
    void all_reduce_sum(const at::Tensor& flat) {
        start_sum(flat);
        finish_sums();
    }
    /// Seconds, since this was made, in which the member had nothing to do but to wait for others or for what they send.
    [[nodiscard]] virtual double waited_s() const = 0;
};

/// A gang of one: nothing to do.
[[nodiscard]] std::unique_ptr<Collective> solo_collective();

/// How a worker gets the collective of an assignment; `self` is the worker's own id, a member of `assign.gang`.
class CollectiveFactory {
public:
    virtual ~CollectiveFactory() = default;
    [[nodiscard]] virtual std::unique_ptr<Collective> make(WorkerId self, const to_worker::Assign& assign, Interrupted interrupted) = 0;
    /// A fresh hexadecimal ncclUniqueId to offer; empty on CPUs.
    [[nodiscard]] virtual std::string fresh_nccl_id() { return {}; }
};

}  // namespace layersweep
