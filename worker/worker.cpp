#include "worker/worker.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "worker/heartbeat.hpp"

namespace layersweep {

namespace {

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

Worker::Worker(WorkerId self, WorkerTransport& transport, CollectiveFactory& collectives, WarmStore& warm, Lifeline lifeline)
    : self_(self), transport_(transport), collectives_(collectives), warm_(warm), lifeline_(std::move(lifeline)) {}

void Worker::run() {
    const WorkerFacts facts{
        .host = host_name(), .pid = getpid(), .device = warm_.device().name(), .machine_class = warm_.device().machine_class()};
    transport_.send(to_coordinator::Hello{facts, collectives_.fresh_nccl_id(), warm_.rates()});
    const Heartbeat heartbeat(transport_, warm_.pulse(), lifeline_);
    while (!stopped_) {
        const auto message = transport_.receive(std::chrono::milliseconds(1000));
        if (!message) continue;
        if (const auto* assign = std::get_if<to_worker::Assign>(&*message)) {
            train(*assign);
        } else if (const auto* abandon = std::get_if<to_worker::Abandon>(&*message)) {
            // The attempt ended here before the coordinator's word arrived, or failed in this worker: it is still owed an answer.
            transport_.send(to_coordinator::Abandoned{abandon->attempt, collectives_.fresh_nccl_id()});
        } else if (std::holds_alternative<to_worker::Stop>(*message)) {
            stopped_ = true;
        }
    }
}

void Worker::train(const to_worker::Assign& assign) {
    told_ = WhatNext::go_on;
    assigned_ = std::chrono::steady_clock::now();
    transport_.send(outcome(assign));
}

ToCoordinator Worker::outcome(const to_worker::Assign& assign) {
    const bool leader = assign.gang.front() == self_;
    TrialFailure failure;
    try {
        // A checkpoint is made at a step that all members reach: a wait for one of them is not broken off for it.
        auto gang = collectives_.make(self_, assign, [&] {
            warm_.pulse().beat();  // who waits for a stuck member is not stuck itself
            return what_next(assign.attempt) == WhatNext::abandon || stopped_;
        });
        warm_.begin_attempt(assign.attempt.number);
        auto result = run_trial(assign.trial, *gang, warm_, hooks_for(assign));
        if (!leader) return to_coordinator::MemberDone{assign.attempt, collectives_.fresh_nccl_id()};
        return to_coordinator::Finished{assign.attempt, std::move(result), collectives_.fresh_nccl_id()};
    } catch (const TrialAbandoned&) {
        return to_coordinator::Abandoned{assign.attempt, collectives_.fresh_nccl_id()};
    } catch (const TrialFailed& failed) {
        failure = failed.failure;
    } catch (const CollectiveLost& lost) {
        if (is_abandoned_soon(assign.attempt)) return to_coordinator::Abandoned{assign.attempt, collectives_.fresh_nccl_id()};
        failure.reason = FailureReason::infrastructure;
        failure.detail = lost.what();
    } catch (const MachineError& error) {
        transport_.send(to_coordinator::Notice{std::string("it leaves: ") + error.what()});
        throw;
    } catch (const std::exception& error) {
        failure.detail = error.what();
    }
    return to_coordinator::Failed{assign.attempt, std::move(failure), collectives_.fresh_nccl_id()};
}

TrialHooks Worker::hooks_for(const to_worker::Assign& assign) {
    return {.what_next = [this, attempt = assign.attempt] { return what_next(attempt); },
            .notice = [this](const std::string& text) { transport_.send(to_coordinator::Notice{text}); },
            .checkpoints = {.folder = assign.checkpoints, .every = std::chrono::seconds(assign.checkpoint_every_s)},
            .likely_next = assign.likely_next ? &*assign.likely_next : nullptr,
            .assigned = assigned_};
}

/// Where a member died the coordinator sees it too and says so: then nobody's surroundings are to blame.
bool Worker::is_abandoned_soon(const Attempt& attempt) {
    constexpr std::chrono::seconds long_enough{10};
    const auto deadline = std::chrono::steady_clock::now() + long_enough;
    while (what_next(attempt) == WhatNext::go_on && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return told_ != WhatNext::go_on;
}

WhatNext Worker::what_next(const Attempt& attempt) {
    while (told_ != WhatNext::abandon) {
        const auto message = transport_.receive(std::chrono::milliseconds(0));
        if (!message) break;
        if (std::holds_alternative<to_worker::Stop>(*message)) {
            stopped_ = true;
            if (told_ == WhatNext::go_on) told_ = WhatNext::abandon;
        }
        const auto* abandon = std::get_if<to_worker::Abandon>(&*message);
        if (abandon && abandon->attempt == attempt) told_ = abandon->checkpoint ? WhatNext::save_and_abandon : WhatNext::abandon;
    }
    return told_;
}

}  // namespace layersweep
