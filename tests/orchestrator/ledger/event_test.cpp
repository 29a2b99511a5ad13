#include "orchestrator/ledger/event.hpp"

#include <gtest/gtest.h>

#include "orchestrator/ledger/ledger_format.hpp"
#include "protocol/errors.hpp"
#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using test::sample_result;

const Attempt attempt{.key = {std::string(32, 'f')}, .life = 3, .number = 2};

Event through_a_line(const Event& event) {
    std::string line = ledger_line(json_of(event));
    EXPECT_EQ(line.back(), '\n');
    line.pop_back();
    return event_of(parse_ledger_line(line).value()).value();
}

TEST(Event, EveryKindComesBackAsItWas) {
    const std::vector<Event> events = {
        event::Assigned{attempt, {{2}, {1}}, 1700000000123},
        event::Finished{attempt, sample_result(0.1 + 0.2), {{"n1", 17, "cpu", "avx512"}, {"n2", 18, "cpu", "avx2"}}, 4, 1700000000456},
        event::Failed{attempt, {FailureReason::out_of_memory, "7 GiB wanted"}, 5},
        event::Abandoned{attempt, 4},
        event::WorkerLost{{3}, "killed\nby signal 9", 6},
        event::Quarantined{{4}, "its GPU", 8},
        event::Measured{
            "GenuineIntel amx, threads 1", {.fp32 = 1e11, .bf16 = 2e11, .fp64 = 5e10, .bandwidth = 1e10, .operator_s = 1e-6}, 9},
        event::PutBack{attempt.key, 9},
        event::SetAside{attempt.key, "not a number", SetAsideCause::failures},
        event::SetAside{attempt.key, "too wide", SetAsideCause::no_room},
        event::Stopped{"SIGUSR1", StopCause::asked},
        event::Stopped{"all lost", StopCause::no_workers},
        event::Stopped{"the disk is full", StopCause::machine},
        event::Completed{11},
    };
    for (const Event& event : events) EXPECT_EQ(through_a_line(event), event) << json_of(event);
}

TEST(Event, AnUnknownKindIsNone) {
    EXPECT_EQ(event_of({{"event", "worker_joined"}, {"worker", 9}}), std::nullopt);
}

TEST(Event, AKnownKindWithoutItsFieldsIsRefused) {
    EXPECT_THROW((void)event_of({{"event", "abandoned"}}), MachineError);
    EXPECT_THROW((void)event_of({{"attempt", 1}}), MachineError);
}

TEST(Event, ANumberThatDoesNotFitIsRefused) {
    auto lost = json_of(event::WorkerLost{{1}, "x"});
    for (const nlohmann::json& rank : {nlohmann::json(1e300), nlohmann::json(1.5), nlohmann::json(1LL << 40), nlohmann::json("1")}) {
        lost["worker"] = rank;
        EXPECT_THROW((void)event_of(lost), MachineError) << rank;
    }
}

TEST(Event, TextThatIsNotUtf8DoesNotBreakTheLedger) {
    const Event event = event::WorkerLost{{1}, "caf\xe9 \xff"};
    const auto back = std::get<event::WorkerLost>(through_a_line(event));
    EXPECT_EQ(back.why, "caf\xef\xbf\xbd \xef\xbf\xbd");
}

}  // namespace
}  // namespace layersweep
