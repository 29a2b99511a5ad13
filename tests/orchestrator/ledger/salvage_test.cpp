#include "orchestrator/ledger/salvage.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using Events = std::vector<Event>;

/// What is told of `events`.
Events salvaged(const Events& events, std::int64_t time_ms = 99) {
    Events told;
    Salvage salvage([&told](const Event& event) { told.push_back(event); });
    for (const Event& event : events) salvage.apply(event);
    salvage.end(time_ms);
    return told;
}

Attempt attempt(std::uint32_t life, std::uint32_t number, char letter = 'a') {
    return {test::sample_trial(letter).key, life, number};
}
Event assigned(const Attempt& attempt) {
    return event::Assigned{attempt, {{1}}, 5};
}
event::Finished finished(const Attempt& attempt, double accuracy = 0.5) {
    return {.attempt = attempt, .result = test::sample_result(accuracy), .workers = {{"n1"}}, .time_ms = 6};
}
Event failed(const Attempt& attempt) {
    return event::Failed{attempt, {FailureReason::internal, "x"}, 7};
}
Event set_aside(SetAsideCause cause = SetAsideCause::failures) {
    return event::SetAside{attempt(1, 1).key, "why", cause, 8};
}
const Event put_back = event::PutBack{attempt(1, 1).key, 9};

TEST(Salvage, WhatIsWholeIsToldAsItIs) {
    const Events whole{assigned(attempt(1, 1)), failed(attempt(1, 1)),        set_aside(), put_back, assigned(attempt(1, 2)),
                       finished(attempt(1, 2)), event::Stopped{.time_ms = 10}};
    EXPECT_EQ(salvaged(whole), whole);
}

TEST(Salvage, AnEndWithoutItsBeginningIsGivenOne) {
    const event::Assigned made_up{attempt(2, 3)};
    for (const Event& end : {Event(finished(attempt(2, 3))), failed(attempt(2, 3)), Event(event::Abandoned{attempt(2, 3), 7})})
        EXPECT_EQ(salvaged({event::LifeBegan{2}, end}), (Events{made_up, end}));
}

TEST(Salvage, WhatAnOlderLifeLeftRunningEndsWhereTheNextBegan) {
    EXPECT_EQ(salvaged({assigned(attempt(1, 1)), event::LifeBegan{2, false, 50}, assigned(attempt(2, 2)), finished(attempt(2, 2))}),
              (Events{assigned(attempt(1, 1)), event::Abandoned{attempt(1, 1), 50}, assigned(attempt(2, 2)), finished(attempt(2, 2))}));
    EXPECT_EQ(salvaged({assigned(attempt(1, 1)), event::LifeBegan{2, true, 50}, finished(attempt(1, 1))}),
              (Events{assigned(attempt(1, 1)), finished(attempt(1, 1))}))
        << "the same coordinator went on";
    EXPECT_EQ(salvaged({assigned(attempt(1, 1))}), (Events{assigned(attempt(1, 1)), event::Abandoned{attempt(1, 1), 99}}));
}

TEST(Salvage, ALostEndIsMadeUpWhereTheTrialWasBegunAgainOrSetAside) {
    EXPECT_EQ(salvaged({assigned(attempt(1, 1)), assigned(attempt(1, 2)), finished(attempt(1, 2))}),
              (Events{assigned(attempt(1, 1)), event::Abandoned{attempt(1, 1), 5}, assigned(attempt(1, 2)), finished(attempt(1, 2))}));
    EXPECT_EQ(salvaged({assigned(attempt(1, 1)), set_aside()}),
              (Events{assigned(attempt(1, 1)), event::Abandoned{attempt(1, 1), 8}, set_aside()}));
}

TEST(Salvage, TheFirstResultCounts) {
    EXPECT_EQ(salvaged({finished(attempt(1, 1), 0.5), assigned(attempt(2, 2)), finished(attempt(2, 2), 0.6), failed(attempt(2, 3))}),
              (Events{event::Assigned{attempt(1, 1)}, finished(attempt(1, 1), 0.5)}));
}

TEST(Salvage, ALateWordOfAnAttemptThatIsOverDoesNotCount) {
    EXPECT_EQ(salvaged({assigned(attempt(1, 1)), failed(attempt(1, 1)), finished(attempt(1, 1))}),
              (Events{assigned(attempt(1, 1)), failed(attempt(1, 1))}));
}

TEST(Salvage, WhatHadNoRoomIsForgottenByTheNextLife) {
    const Event no_room = set_aside(SetAsideCause::no_room);
    EXPECT_EQ(salvaged({no_room}), (Events{no_room}));
    EXPECT_EQ(salvaged({no_room, event::LifeBegan{2}}), Events{});
    EXPECT_EQ(salvaged({no_room, event::LifeBegan{2}, finished(attempt(2, 1))}),
              (Events{event::Assigned{attempt(2, 1)}, finished(attempt(2, 1))}));
}

TEST(Salvage, WhoWasPutBackHadBeenSetAside) {
    const Events told = salvaged({put_back});
    ASSERT_EQ(told.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<event::SetAside>(told[0]));
    EXPECT_EQ(told[1], put_back);
    EXPECT_EQ(salvaged({set_aside(), assigned(attempt(2, 4))}),
              (Events{set_aside(), event::PutBack{attempt(1, 1).key, 5}, assigned(attempt(2, 4)), event::Abandoned{attempt(2, 4), 99}}));
}

TEST(Salvage, OnlyTheLastLifeTellsHowItStopped) {
    const Event stopped = event::Stopped{"no workers", StopCause::no_workers};
    EXPECT_EQ(salvaged({stopped, event::LifeBegan{2}}), Events{});
    EXPECT_EQ(salvaged({event::LifeBegan{2}, stopped}), Events{stopped});
}

TEST(Salvage, ARescuedResultCountsOnlyWhereThereIsNone) {
    Events told;
    Salvage salvage([&told](const Event& event) { told.push_back(event); });
    salvage.apply(set_aside());
    salvage.apply(assigned(attempt(1, 1, 'b')));
    salvage.apply(finished(attempt(1, 1, 'b')));
    told.clear();
    salvage.rescue(finished(attempt(3, 2, 'b'), 0.9));
    EXPECT_EQ(told, Events{});
    salvage.rescue(finished(attempt(1, 1)));
    EXPECT_EQ(told, (Events{event::PutBack{attempt(1, 1).key, 6}, event::Assigned{attempt(1, 1)}, finished(attempt(1, 1))}));
    EXPECT_EQ(salvage.results(), 2U);
}

}  // namespace
}  // namespace layersweep
