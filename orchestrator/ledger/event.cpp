#include "orchestrator/ledger/event.hpp"

#include <string_view>

#include "protocol/codec.hpp"
#include "protocol/errors.hpp"
#include "protocol/json_fields.hpp"

namespace layersweep {
namespace {

std::string_view name_of(StopCause cause) {
    switch (cause) {
        case StopCause::no_workers:
            return "no-workers";
        case StopCause::machine:
            return "machine";
        case StopCause::asked:
            break;
    }
    return "asked";
}

using nlohmann::json;

json ranks_of(const std::vector<WorkerId>& workers) {
    json ranks = json::array();
    for (const WorkerId worker : workers) ranks.push_back(worker.rank);
    return ranks;
}

std::vector<WorkerId> workers_of(const json& ranks) {
    std::vector<WorkerId> workers;
    for (const json& rank : ranks) workers.push_back({read_integer<int>(rank)});
    return workers;
}

json write(const event::LifeBegan&) {
    throw InvariantError("the beginning of a life is the header of its segment, not a line of its own");
}
json write(const event::Assigned& e) {
    return {{"event", "assigned"},
            {"attempt", e.attempt},
            {"workers", ranks_of(e.workers)},
            {"time_ms", e.time_ms},
            {"predicted_s", e.predicted_s}};
}
json write(const event::Finished& e) {
    return {{"event", "finished"},     {"attempt", e.attempt}, {"result", e.result},
            {"workers", e.workers},    {"time_ms", e.time_ms}, {"threads_per_worker", e.threads_per_worker},
            {"shortcuts", e.shortcuts}};
}
json write(const event::Failed& e) {
    return {{"event", "failed"}, {"attempt", e.attempt}, {"failure", e.failure}, {"time_ms", e.time_ms}};
}
json write(const event::Abandoned& e) {
    return {{"event", "abandoned"}, {"attempt", e.attempt}, {"time_ms", e.time_ms}};
}
json write(const event::WorkerLost& e) {
    return {{"event", "worker_lost"}, {"worker", e.worker.rank}, {"why", e.why}, {"time_ms", e.time_ms}};
}
json write(const event::Quarantined& e) {
    return {{"event", "quarantined"}, {"worker", e.worker.rank}, {"why", e.why}, {"time_ms", e.time_ms}};
}
json write(const event::Measured& e) {
    return {{"event", "measured"}, {"machine_class", e.machine_class}, {"rates", e.rates}, {"time_ms", e.time_ms}};
}
json write(const event::SetAside& e) {
    const char* cause = e.cause == SetAsideCause::no_room ? "no-room" : "failures";
    return {{"event", "set_aside"}, {"key", e.key.hex}, {"why", e.why}, {"cause", cause}, {"time_ms", e.time_ms}};
}
json write(const event::PutBack& e) {
    return {{"event", "put_back"}, {"key", e.key.hex}, {"time_ms", e.time_ms}};
}
json write(const event::Stopped& e) {
    return {{"event", "stopped"}, {"why", e.why}, {"cause", name_of(e.cause)}, {"time_ms", e.time_ms}};
}
json write(const event::Completed& e) {
    return {{"event", "completed"}, {"time_ms", e.time_ms}};
}

/// Version 1 had no time in most events.
std::int64_t time_of(const json& j) {
    const auto found = j.find("time_ms");
    return found == j.end() ? 0 : read_integer<std::int64_t>(*found);
}

/// For people only: what is no number counts as not known.
double predicted_of(const json& j) {
    const auto found = j.find("predicted_s");
    return found == j.end() || !found->is_number() ? 0 : found->get<double>();
}

event::Finished finished_of(const json& j) {
    event::Finished finished{.attempt = j.at("attempt").get<Attempt>(),
                             .result = j.at("result").get<Result>(),
                             .workers = j.at("workers").get<std::vector<WorkerFacts>>(),
                             .threads_per_worker = read_integer<std::int64_t>(j.at("threads_per_worker")),
                             .time_ms = time_of(j),
                             .shortcuts = j.value("shortcuts", "")};
    if (finished.workers.empty()) throw MachineError("a result that nobody made");
    return finished;
}

event::SetAside set_aside_of(const json& j) {
    const bool no_room = j.at("cause").get<std::string>() == "no-room";
    return {.key = {j.at("key").get<std::string>()},
            .why = j.at("why").get<std::string>(),
            .cause = no_room ? SetAsideCause::no_room : SetAsideCause::failures,
            .time_ms = time_of(j)};
}

event::Stopped stopped_of(const json& j) {
    event::Stopped stopped{.why = j.at("why").get<std::string>(), .time_ms = time_of(j)};
    const auto cause = j.at("cause").get<std::string>();
    for (const auto known : {StopCause::no_workers, StopCause::machine})
        if (cause == name_of(known)) stopped.cause = known;
    return stopped;
}

std::optional<Event> read(const json& j) {
    const auto kind = j.at("event").get<std::string>();
    if (kind == "assigned")
        return event::Assigned{j.at("attempt").get<Attempt>(), workers_of(j.at("workers")), time_of(j), predicted_of(j)};
    if (kind == "finished") return finished_of(j);
    if (kind == "failed") return event::Failed{j.at("attempt").get<Attempt>(), j.at("failure").get<TrialFailure>(), time_of(j)};
    if (kind == "abandoned") return event::Abandoned{j.at("attempt").get<Attempt>(), time_of(j)};
    if (kind == "worker_lost") return event::WorkerLost{{read_integer<int>(j.at("worker"))}, j.at("why").get<std::string>(), time_of(j)};
    if (kind == "quarantined") return event::Quarantined{{read_integer<int>(j.at("worker"))}, j.at("why").get<std::string>(), time_of(j)};
    if (kind == "measured") return event::Measured{j.at("machine_class").get<std::string>(), j.at("rates").get<MachineRates>(), time_of(j)};
    if (kind == "set_aside") return set_aside_of(j);
    if (kind == "put_back") return event::PutBack{{j.at("key").get<std::string>()}, time_of(j)};
    if (kind == "stopped") return stopped_of(j);
    if (kind == "completed") return event::Completed{time_of(j)};
    return std::nullopt;
}

}  // namespace

json json_of(const Event& event) {
    return std::visit([](const auto& e) { return write(e); }, event);
}

std::optional<Event> event_of(const json& json) {
    try {
        return read(json);
    } catch (const nlohmann::json::exception& error) {
        throw MachineError(std::string("a ledger event lacks what it must have: ") + error.what());
    }
}

}  // namespace layersweep
