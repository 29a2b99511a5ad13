#pragma once

#include "protocol/transport.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/warm_store.hpp"

namespace layersweep {

/// One worker's loop: receive a trial, train it, answer. Lives in one thread.
class Worker {
public:
    Worker(WorkerId self, WorkerTransport& transport, CollectiveFactory& collectives, WarmStore& warm);
    /// Until the coordinator says Stop. Throws MachineError when the coordinator is gone.
    void run();

private:
    void train(const to_worker::Assign& assign);
    [[nodiscard]] ToCoordinator outcome(const to_worker::Assign& assign);
    /// Asked between two steps.
    [[nodiscard]] bool go_on(const to_worker::Assign& assign, std::int64_t epoch, std::int64_t step);
    /// Looks for a word of the coordinator that ends this attempt.
    [[nodiscard]] bool interrupted(const to_worker::Assign& assign);

    WorkerId self_;
    WorkerTransport& transport_;
    CollectiveFactory& collectives_;
    WarmStore& warm_;
    bool abandoned_ = false;  ///< the attempt being trained
    bool stopped_ = false;
};

}  // namespace layersweep
