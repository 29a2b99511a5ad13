#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/machine_rates.hpp"
#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// A worker by its MPI rank (from 1; rank 0 is the coordinator), or its number in the in-process transport.
struct WorkerId {
    int rank = 0;
    auto operator<=>(const WorkerId&) const = default;
};

/// What a worker says of itself once.
struct WorkerFacts {
    std::string host;
    std::int64_t pid = 0;
    std::string device;         ///< "cpu" or "cuda:0 NVIDIA …"
    std::string machine_class;  ///< instruction set or GPU and driver; recorded with every result
    bool operator==(const WorkerFacts&) const = default;
};

namespace to_worker {

/// Train this. Sent to every member of the gang; the first member is the leader and answers for all.
struct Assign {
    Attempt attempt;
    Trial trial;
    std::vector<WorkerId> gang;
    std::uint32_t epoch = 0;  ///< grows with every assignment; in the tag of the gang's messages, so that stale ones are recognised
    std::string nccl_id;      ///< hexadecimal ncclUniqueId that the leader offered; empty on CPUs
    std::string checkpoints;  ///< absolute path of the trial's own folder for checkpoints; empty: none are made
    std::int64_t checkpoint_every_s = 600;
    std::optional<Trial> likely_next;  ///< what these workers will probably train next: its inputs can be prepared meanwhile
    bool operator==(const Assign&) const = default;
};
/// Stop training this attempt at the next step and answer Abandoned.
struct Abandon {
    Attempt attempt;
    bool checkpoint = false;  ///< first write one, so that the next attempt goes on from here
    bool operator==(const Abandon&) const = default;
};
/// The coordinator lives; nothing to do.
struct Alive {
    bool operator==(const Alive&) const = default;
};
/// No more work: leave.
struct Stop {
    bool operator==(const Stop&) const = default;
};

}  // namespace to_worker

namespace to_coordinator {

struct Hello {
    WorkerFacts facts;
    std::string nccl_id;  ///< a fresh ncclUniqueId this worker would lead a gang with; empty on CPUs
    MachineRates rates;   ///< of its device
    bool operator==(const Hello&) const = default;
};
/// The worker lives. `progress` grows with every step, evaluated batch and loaded part; where it stands still, so does the worker.
struct Alive {
    std::uint64_t progress = 0;
    bool operator==(const Alive&) const = default;
};
/// Something that people should know and that nothing depends on.
struct Notice {
    std::string text;
    bool operator==(const Notice&) const = default;
};
/// The gang's leader has the result. Every member is idle after its own message.
struct Finished {
    Attempt attempt;
    Result result;
    std::string nccl_id;
    bool operator==(const Finished&) const = default;
};
/// A member of the gang that is not its leader has done its part.
struct MemberDone {
    Attempt attempt;
    std::string nccl_id;
    bool operator==(const MemberDone&) const = default;
};
struct Failed {
    Attempt attempt;
    TrialFailure failure;
    std::string nccl_id;
    bool operator==(const Failed&) const = default;
};
struct Abandoned {
    Attempt attempt;
    std::string nccl_id;
    bool operator==(const Abandoned&) const = default;
};

}  // namespace to_coordinator

using ToWorker = std::variant<to_worker::Assign, to_worker::Abandon, to_worker::Alive, to_worker::Stop>;
using ToCoordinator = std::variant<to_coordinator::Hello, to_coordinator::Alive, to_coordinator::Notice, to_coordinator::Finished,
                                   to_coordinator::MemberDone, to_coordinator::Failed, to_coordinator::Abandoned>;

}  // namespace layersweep
