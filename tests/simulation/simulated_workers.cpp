#include "tests/simulation/simulated_workers.hpp"

#include <algorithm>
#include <utility>

#include "protocol/codec.hpp"

namespace layersweep::simulation {
namespace {

constexpr milliseconds between_beats{5'000};

}  // namespace

SimulatedWorkers::SimulatedWorkers(int count, bool faulty, Surroundings world) : world_(std::move(world)), workers_(std::size_t(count)) {
    for (int rank = 1; rank <= count; ++rank) {
        if (faulty) plan_faults(rank);
        const std::string host = "n" + std::to_string((rank + 1) / 2);
        at(world_.now + world_.chance.time(10, 4'000), [this, rank, host] {
            say(rank, to_coordinator::Hello{{host, 100 + rank, "cpu", "avx2"}, ""});
            beat(rank);
        });
    }
}

void SimulatedWorkers::plan_faults(int rank) {
    Chance& chance = world_.chance;
    const milliseconds when = world_.now + chance.time(0, 60'000);
    switch (chance.below(9)) {
        case 0:
            at(when, [this, rank] {
                if (!worker(rank).dead) ++world_.truth.faults["worker died"];
                die(rank);
            });
            break;
        case 1:
            at(when, [this, rank] {
                ++world_.truth.faults["worker hung"];
                worker(rank).hung = true;
            });
            break;
        case 2:
            at(when, [this, rank] {
                ++world_.truth.faults["worker silent"];
                worker(rank).awake_at = world_.now + world_.chance.time(1'000, 200'000);
            });
            break;
        case 3:
            worker(rank).bad_surroundings = chance.one_in(2);
            break;
        default:
            break;
    }
}

std::vector<WorkerId> SimulatedWorkers::workers() const {
    std::vector<WorkerId> all;
    for (int rank = 1; rank <= int(workers_.size()); ++rank) all.push_back({rank});
    return all;
}

void SimulatedWorkers::send(WorkerId to, const ToWorker& message) {
    if (const auto* assign = std::get_if<to_worker::Assign>(&message)) world_.on_assign(*assign);
    if (given_up_.contains(to.rank) && std::holds_alternative<to_worker::Assign>(message))
        throw Violation{"work for a worker that was given up"};
    auto& receiver = worker(to.rank);
    if (const auto* assign = std::get_if<to_worker::Assign>(&message)) receiver.owes = assign->attempt;
    if (receiver.dead) count_loss(to.rank);
    receiver.last_delivered = std::max(receiver.last_delivered, world_.now + world_.chance.time(1, 300));
    const auto bytes = std::make_shared<const Bytes>(encode(message));
    at(receiver.last_delivered, [this, to, bytes] { deliver(to.rank, bytes); });
    world_.on_call();
}

std::optional<Incoming> SimulatedWorkers::receive(milliseconds timeout) {
    world_.on_call();
    catch_up();
    if (const auto next = next_arrival(); !next || *next > world_.now) {
        wake_ = world_.now + timeout;
        if (next) wake_ = std::min(wake_, *next);
        if (!actions_.empty()) wake_ = std::min(wake_, std::max(world_.now + milliseconds{1}, actions_.top().at));
        return std::nullopt;
    }
    const Letter letter = std::move(arriving_.begin()->second);
    arriving_.erase(arriving_.begin());
    wake_ = world_.now + milliseconds{1};
    if (letter.sent < latest_sent_) ++world_.truth.faults["messages reordered"];
    latest_sent_ = std::max(latest_sent_, letter.sent);
    if (letter.lost) {
        given_up_.insert(letter.from.rank);
        return WorkerLost{letter.from, "killed"};
    }
    if (given_up_.contains(letter.from.rank)) ++world_.truth.faults["late word of a worker that was given up"];
    return FromWorker{letter.from, decode_to_coordinator(letter.bytes)};
}

/// Half of them are out of reach and come back with late words.
void SimulatedWorkers::end(WorkerId id, const WorkerFacts&) noexcept {
    count_loss(id.rank);
    given_up_.insert(id.rank);
    if (world_.chance.one_in(2)) die(id.rank);
}

void SimulatedWorkers::catch_up() {
    while (!actions_.empty() && actions_.top().at <= world_.now) {
        const auto what = actions_.top().what;
        actions_.pop();
        what();
    }
}

std::optional<milliseconds> SimulatedWorkers::next_arrival() {
    if (arriving_.empty()) return std::nullopt;
    return arriving_.begin()->first;
}

void SimulatedWorkers::say(int rank, const ToCoordinator& message) {
    Worker& speaker = worker(rank);
    if (speaker.dead) return;
    if (!speaks(rank)) return at(speaker.awake_at, [this, rank, message] { say(rank, message); });
    const auto answers = [&](const auto& answer) {
        if constexpr (requires { answer.attempt; })
            if (speaker.owes == answer.attempt) speaker.owes.reset();
    };
    std::visit(answers, message);
    speaker.last_sent = std::max(speaker.last_sent, world_.now + world_.chance.time(1, world_.chance.one_in(20) ? 20'000 : 500));
    arriving_.emplace(speaker.last_sent, Letter{{rank}, false, encode(message), world_.now});
}

void SimulatedWorkers::beat(int rank) {
    Worker& beating = worker(rank);
    if (beating.dead) return;
    if (speaks(rank)) {
        if (!beating.hung) ++beating.progress;
        say(rank, to_coordinator::Alive{beating.progress});
    }
    at(world_.now + between_beats, [this, rank] { beat(rank); });
}

void SimulatedWorkers::die(int rank) {
    Worker& dying = worker(rank);
    if (dying.dead) return;
    dying.dead = true;
    count_loss(rank);
    const milliseconds told = std::max(dying.last_sent, world_.now + world_.chance.time(1, 800));
    arriving_.emplace(told, Letter{.from = {rank}, .lost = true, .sent = world_.now});
}

void SimulatedWorkers::count_loss(int rank) {
    if (auto& owed = worker(rank).owes) ++world_.truth.of(std::exchange(owed, std::nullopt)->key).losses;
}

void SimulatedWorkers::deliver(int rank, const std::shared_ptr<const Bytes>& bytes) {
    Worker& receiver = worker(rank);
    if (receiver.dead || receiver.hung) return;
    if (!speaks(rank)) return at(receiver.awake_at, [this, rank, bytes] { deliver(rank, bytes); });
    const ToWorker message = decode_to_worker(*bytes);
    if (const auto* assign = std::get_if<to_worker::Assign>(&message)) begin(rank, *assign);
    if (const auto* abandon = std::get_if<to_worker::Abandon>(&message)) {
        leave(rank, abandon->attempt);
        say(rank, to_coordinator::Abandoned{abandon->attempt, ""});
    }
}

void SimulatedWorkers::begin(int rank, const to_worker::Assign& assign) {
    if (worker(rank).run) throw Violation{"a busy worker was given work"};
    auto& run = runs_[assign.attempt];
    if (!run) run = std::make_shared<GangRun>(GangRun{.assign = assign});
    worker(rank).run = run;
    run->present.insert(rank);
    if (run->over || run->present.size() < assign.gang.size()) return;
    const bool bad = std::ranges::any_of(assign.gang, [this](WorkerId member) { return worker(member.rank).bad_surroundings; });
    const milliseconds duration = bad ? milliseconds{100} : world_.truth.of(assign.attempt.key).duration;
    at(world_.now + duration, [this, run] { finish(run); });
}

void SimulatedWorkers::finish(const std::shared_ptr<GangRun>& run) {
    if (run->over) return;
    const auto& gang = run->assign.gang;
    for (const WorkerId member : gang) {
        if (worker(member.rank).dead || worker(member.rank).hung) return;  // the others wait for it in vain
        if (!speaks(member.rank)) return at(worker(member.rank).awake_at, [this, run] { finish(run); });
    }
    const int one = gang[world_.chance.below(gang.size())].rank;
    const TrialKey key = run->assign.attempt.key;
    for (const WorkerId member : gang)
        if (worker(member.rank).bad_surroundings) {
            ++world_.truth.faults["bad surroundings"];
            return fail(run, member.rank, FailureReason::infrastructure);
        }
    switch (world_.truth.of(key).nature) {
        case Nature::not_a_number:
            ++world_.truth.faults["not a number"];
            return fail_all(run, FailureReason::not_a_number);
        case Nature::out_of_memory:
            ++world_.truth.faults["out of memory"];
            return fail(run, one, FailureReason::out_of_memory);
        case Nature::broken:
            ++world_.truth.faults["trial that always fails"];
            return fail(run, one, FailureReason::internal);
        case Nature::kills_workers:
            ++world_.truth.faults["trial that kills its worker"];
            return die(one);
        case Nature::healthy:
            break;
    }
    if (world_.chance.one_in(40)) {
        ++world_.truth.faults["attempt failed once"];
        return fail(run, one, FailureReason::internal);
    }
    run->over = true;
    for (const WorkerId member : gang) worker(member.rank).run.reset();
    for (const WorkerId member : gang) {
        if (member == gang.front())
            say(member.rank, to_coordinator::Finished{run->assign.attempt, Truth::result_of(key), ""});
        else
            say(member.rank, to_coordinator::MemberDone{run->assign.attempt, ""});
    }
}

/// One member fails; the others wait for it until they are told not to.
void SimulatedWorkers::fail(const std::shared_ptr<GangRun>& run, int rank, FailureReason reason) {
    run->over = true;
    worker(rank).run.reset();
    ++world_.truth.of(run->assign.attempt.key).failures;
    to_coordinator::Failed failed;
    failed.attempt = run->assign.attempt;
    failed.failure = {reason, "simulated"};
    say(rank, failed);
}

/// They all see the same numbers.
void SimulatedWorkers::fail_all(const std::shared_ptr<GangRun>& run, FailureReason reason) {
    for (const WorkerId member : run->assign.gang) fail(run, member.rank, reason);
}

void SimulatedWorkers::leave(int rank, const Attempt& attempt) {
    auto& run = worker(rank).run;
    if (!run || run->assign.attempt != attempt) return;
    run->over = true;
    run.reset();
}

}  // namespace layersweep::simulation
