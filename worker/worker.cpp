#include "worker/worker.hpp"

#include <unistd.h>

#include <chrono>

#include "worker/training/trainer.hpp"

namespace layersweep {

namespace {

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

Worker::Worker(WorkerId self, WorkerTransport& transport, CollectiveFactory& collectives, WarmStore& warm)
    : self_(self), transport_(transport), collectives_(collectives), warm_(warm) {}

void Worker::run() {
    const WorkerFacts facts{
        .host = host_name(), .pid = getpid(), .device = warm_.device().name(), .machine_class = warm_.device().machine_class()};
    transport_.send(to_coordinator::Hello{facts, collectives_.fresh_nccl_id()});
    while (!stopped_) {
        const auto message = transport_.receive(std::chrono::milliseconds(1000));
        if (!message) continue;
        if (const auto* assign = std::get_if<to_worker::Assign>(&*message)) {
            train(*assign);
        } else if (const auto* abandon = std::get_if<to_worker::Abandon>(&*message)) {
            // The attempt ended here before the coordinator's word arrived, or failed in this worker: it is still owed an answer.
            transport_.send(to_coordinator::Abandoned{abandon->attempt, collectives_.fresh_nccl_id()});
        } else {
            stopped_ = true;
        }
    }
}

void Worker::train(const to_worker::Assign& assign) {
    abandoned_ = false;
    transport_.send(outcome(assign));
}

ToCoordinator Worker::outcome(const to_worker::Assign& assign) {
    const bool leader = assign.gang.front() == self_;
    TrialFailure failure;
    try {
        auto gang = collectives_.make(self_, assign, [&] { return interrupted(assign); });
        auto result = run_trial(assign.trial, *gang, warm_, [&](auto epoch, auto step) { return go_on(assign, epoch, step); });
        if (!leader) return to_coordinator::MemberDone{assign.attempt, collectives_.fresh_nccl_id()};
        return to_coordinator::Finished{assign.attempt, std::move(result), collectives_.fresh_nccl_id()};
    } catch (const TrialAbandoned&) {
        return to_coordinator::Abandoned{assign.attempt, collectives_.fresh_nccl_id()};
    } catch (const TrialFailed& failed) {
        failure = failed.failure;
    } catch (const CollectiveLost& lost) {
        if (abandoned_) return to_coordinator::Abandoned{assign.attempt, collectives_.fresh_nccl_id()};
        failure.reason = FailureReason::infrastructure;
        failure.detail = lost.what();
    } catch (const MachineError&) {
        throw;
    } catch (const std::exception& error) {
        failure.detail = error.what();
    }
    return to_coordinator::Failed{assign.attempt, std::move(failure), collectives_.fresh_nccl_id()};
}

bool Worker::go_on(const to_worker::Assign& assign, std::int64_t, std::int64_t) {
    return !interrupted(assign);
}

bool Worker::interrupted(const to_worker::Assign& assign) {
    if (abandoned_ || stopped_) return true;
    const auto message = transport_.receive(std::chrono::milliseconds(0));
    if (!message) return false;
    if (std::holds_alternative<to_worker::Stop>(*message)) stopped_ = true;
    if (const auto* abandon = std::get_if<to_worker::Abandon>(&*message)) abandoned_ = abandon->attempt == assign.attempt;
    return abandoned_ || stopped_;
}

}  // namespace layersweep
