#include "orchestrator/ledger/ledger_repair.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "orchestrator/ledger/ledger_reader.hpp"
#include "orchestrator/ledger/ledger_survey.hpp"
#include "orchestrator/ledger/ledger_writer.hpp"
#include "orchestrator/schedule/plan.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using test::MemoryDisk;
using test::sample_trial;
using Durability = LedgerWriter::Durability;

constexpr const char* letters = "abcdefgh";

Attempt attempt(char letter, std::uint32_t life, std::uint32_t number = 1) {
    return {sample_trial(letter).key, life, number};
}
/// The result of trial `letter` as `life` measured it.
double accuracy(char letter, std::uint32_t life) {
    return letter + life / 16.0;
}
event::Finished finished(const Attempt& attempt) {
    const double measured = accuracy(attempt.key.hex.back(), attempt.life);
    return {.attempt = attempt, .result = test::sample_result(measured), .workers = {{"n1"}}};
}
Event failed(const Attempt& attempt) {
    return event::Failed{attempt, {FailureReason::worker_lost, "x"}, 7};
}

LedgerWriter begin(MemoryDisk& disk) {
    return begin_life(disk, {.sweep = "sample", .grid_hash = "g"}, 50, [](const Event&) {});
}
void record(LedgerWriter& ledger, const std::vector<Event>& events) {
    for (const Event& event : events) ledger.append(event, Durability::synced);
    ledger.commit();
}
void run(LedgerWriter& ledger, char letter, std::uint32_t number = 1) {
    record(ledger, {event::Assigned{attempt(letter, ledger.life(), number), {{1}}, 5}, finished(attempt(letter, ledger.life(), number))});
}

/// Lives 1 (which wrote on after life 2 had fenced it), 2 and, continued, 3, and 4: a to e have results, f is set aside, g runs, h waits.
void write_four_lives(MemoryDisk& disk) {
    LedgerWriter first = begin(disk);
    run(first, 'a');
    record(first, {event::Assigned{attempt('f', 1), {{1}}, 5}, failed(attempt('f', 1)), event::Assigned{attempt('b', 1), {{2}}, 5}});
    LedgerWriter second = begin(disk);
    first.append(finished(attempt('b', 1)), Durability::synced);
    EXPECT_THROW(first.commit(), Fenced);
    run(second, 'b', 2);
    record(second, {event::Assigned{attempt('c', 2), {{1}}, 5}});
    second.append(finished(attempt('c', 2)), Durability::synced);
    disk.sync_error = EIO;
    EXPECT_THROW(second.commit(), StorageError);
    disk.sync_error = 0;
    second.go_on(60);
    run(second, 'd');
    LedgerWriter fourth = begin(disk);
    record(fourth,
           {event::Assigned{attempt('f', 4, 2), {{1}}, 5}, failed(attempt('f', 4, 2)), event::SetAside{sample_trial('f').key, "why"}});
    run(fourth, 'e');
    record(fourth, {event::Assigned{attempt('g', 4), {{1}}, 5}});
}

/// Throws LedgerDamage.
Plan plan_of(const SegmentStore& disk) {
    Plan plan(test::sample_grid(letters).trials);
    (void)replay_ledger(disk, [&plan](const Event& event) { plan.apply(event); });
    return plan;
}

std::map<char, double> results_of(const Plan& plan) {
    std::map<char, double> results;
    for (std::size_t i = 0; i < plan.size(); ++i)
        if (const auto* done = plan.status(i).as<trial_state::Finished>()) results[letters[i]] = done->result.accuracy;
    return results;
}

/// A letter a trial: F has a result, S is set aside, R runs, W waits; and attempts begun, failures.
std::string states_of(const Plan& plan) {
    std::string text;
    for (std::size_t i = 0; i < plan.size(); ++i) {
        const auto& status = plan.status(i);
        text += status.as<trial_state::Finished>()   ? 'F'
                : status.as<trial_state::SetAside>() ? 'S'
                : status.as<trial_state::Running>()  ? 'R'
                                                     : 'W';
        text += std::to_string(status.attempts) + std::to_string(status.failed.size()) + ' ';
    }
    return text;
}

void damage(MemoryDisk& disk, std::uint32_t life, std::size_t at, std::size_t count = 1) {
    std::string content = disk.content(life);
    for (std::size_t i = at; i < std::min(content.size(), at + count); ++i) content[i] = static_cast<char>(content[i] ^ 1);
    disk.overwrite(life, content);
}
void damage_line_with(MemoryDisk& disk, std::uint32_t life, const std::string& text) {
    damage(disk, life, disk.content(life).find(text));
}

LedgerRepair repaired(MemoryDisk& disk) {
    const auto repair = repair_ledger(disk, {.code_version = "2", .host = "n9"}, 99);
    EXPECT_TRUE(repair);
    return repair ? *repair : LedgerRepair{};
}

TEST(LedgerRepair, ASoundLedgerIsLeftAlone) {
    MemoryDisk disk;
    EXPECT_FALSE(repair_ledger(disk, {}, 99));
    write_four_lives(disk);
    EXPECT_FALSE(repair_ledger(disk, {}, 99));
    EXPECT_EQ(disk.names().size(), 4U);
    EXPECT_EQ(states_of(plan_of(disk)), "F10 F20 F10 F10 F10 S22 R10 W00 ");
}

TEST(LedgerRepair, KeepsAllThatCanBeReadInOneSegmentAndTouchesNoOther) {
    MemoryDisk disk;
    write_four_lives(disk);
    damage_line_with(disk, 1, "finished");  // of a
    const std::string old = disk.content(1);
    const LedgerRepair repair = repaired(disk);
    EXPECT_EQ(repair.segment, (SegmentName{0, 5}));
    EXPECT_EQ(repair.results, 4U);
    ASSERT_EQ(repair.lost.size(), 1U);
    EXPECT_EQ(repair.lost[0].segment, (SegmentName{0, 1}));
    EXPECT_EQ(old.substr(repair.lost[0].end - 1, 1), "\n") << "whole lines are lost";
    EXPECT_EQ(disk.content(1), old);
    EXPECT_EQ(states_of(plan_of(disk)), "W10 F20 F10 F10 F10 S22 W10 W00 ");

    const auto newest = replay_ledger(disk, [](const Event&) {}).newest;
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->previous, std::nullopt);
    EXPECT_EQ(newest->repaired, repair.lost);
    EXPECT_EQ(newest->life_of.sweep, "sample");
    EXPECT_EQ(newest->life_of.host, "n9");
    EXPECT_FALSE(repair_ledger(disk, {}, 99)) << "it is sound now";
}

TEST(LedgerRepair, TheNextLifeGoesOnFromIt) {
    MemoryDisk disk;
    write_four_lives(disk);
    damage_line_with(disk, 2, "finished");
    (void)repaired(disk);
    LedgerWriter next = begin(disk);
    EXPECT_EQ(next.life(), 6U);
    run(next, 'h');
    const Plan plan = plan_of(disk);
    EXPECT_EQ(states_of(plan), "F10 W20 F10 F10 F10 S22 W10 F10 ");
    EXPECT_EQ(plan.status(5).failed[0].life, 1U) << "attempts keep their lives";
    EXPECT_EQ(plan.status(5).failed[1].life, 4U);
}

TEST(LedgerRepair, AResultCountsWithoutItsAssignedLine) {
    MemoryDisk disk;
    write_four_lives(disk);
    damage_line_with(disk, 1, "assigned");
    (void)repaired(disk);
    EXPECT_EQ(results_of(plan_of(disk)).at('a'), accuracy('a', 1));
}

TEST(LedgerRepair, WhatAFencedLifeStillWroteStaysIgnored) {
    MemoryDisk disk;
    write_four_lives(disk);
    damage_line_with(disk, 4, "assigned");
    (void)repaired(disk);
    EXPECT_EQ(results_of(plan_of(disk)).at('b'), accuracy('b', 2));
}

TEST(LedgerRepair, AMissingSegmentCostsOnlyWhatStoodInIt) {
    MemoryDisk disk;
    write_four_lives(disk);
    disk.remove(2);
    const LedgerRepair repair = repaired(disk);
    ASSERT_EQ(repair.lost.size(), 1U);
    EXPECT_EQ(repair.lost[0].segment, (SegmentName{0, 2}));
    EXPECT_EQ(repair.lost[0].begin, 0U);
    // How much of segment 1 counted stood in segment 2: what life 1 measured when it was fenced is a result of that trial too.
    EXPECT_EQ(states_of(plan_of(disk)), "F10 F10 F10 F10 F10 S22 W10 W00 ");
}

TEST(LedgerRepair, DamagedHeadersCostNoEvent) {
    for (const std::uint32_t life : {1U, 2U, 3U, 4U}) {
        MemoryDisk disk;
        write_four_lives(disk);
        damage(disk, life, 3);
        EXPECT_THROW((void)plan_of(disk), LedgerDamage);
        (void)repaired(disk);
        const auto results = results_of(plan_of(disk));
        EXPECT_EQ(results.size(), 5U) << "life " << life;
    }
}

TEST(LedgerRepair, AHeaderThatIsCutAwayCleanlyIsMissed) {
    MemoryDisk disk;
    write_four_lives(disk);
    disk.overwrite(4, disk.content(4).substr(disk.content(4).find('\n') + 1));
    const LedgerRepair repair = repaired(disk);
    EXPECT_EQ(repair.lost, (std::vector<LostBytes>{{{0, 4}, 0, 0}}));
    EXPECT_EQ(results_of(plan_of(disk)).size(), 5U);
}

TEST(LedgerRepair, ARepairedSegmentThatIsDamagedAgainIsHelpedByTheOlderOnes) {
    MemoryDisk disk;
    write_four_lives(disk);
    damage_line_with(disk, 4, "assigned");
    (void)repaired(disk);
    const auto results = results_of(plan_of(disk));
    { LedgerWriter next = begin(disk); }
    damage_line_with(disk, 5, "finished");
    damage_line_with(disk, 5, "set_aside");
    (void)repaired(disk);
    EXPECT_EQ(results_of(plan_of(disk)), results);
}

TEST(LedgerRepair, IsThereAsAWholeOrNotAtAll) {
    MemoryDisk disk;
    write_four_lives(disk);
    damage_line_with(disk, 1, "finished");
    disk.room = 100;
    EXPECT_THROW((void)repair_ledger(disk, {}, 99), StorageError);
    EXPECT_THROW((void)plan_of(disk), LedgerDamage);
    disk.room = 1 << 20;
    EXPECT_EQ(repaired(disk).results, 4U);
}

TEST(LedgerRepair, ALaterVersionsLedgerIsNotRepaired) {
    MemoryDisk disk;
    auto header = json_of(SegmentHeader{.life_of = {.sweep = "sample"}, .name = {0, 1}});
    header["format"] = "layersweep-ledger-3";
    disk.overwrite(1, ledger_line(header) + "damaged\n" + ledger_line(json_of(event::Completed{})));
    EXPECT_THROW((void)repair_ledger(disk, {}, 99), MachineError);
    EXPECT_EQ(disk.names().size(), 1U);
}

/// Flips, blanks or cuts out some bytes of some segment.
void damage_at_random(MemoryDisk& disk, std::mt19937& random) {
    const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
    const auto life = static_cast<std::uint32_t>(1 + below(4));
    std::string content = disk.content(life);
    const std::size_t at = below(content.size());
    const std::size_t count = std::min(content.size() - at, 1 + below(200));
    switch (below(4)) {
        case 0:
            if (!content.empty()) content[at] = static_cast<char>(content[at] ^ (1 << below(8)));
            break;
        case 1:
            content.replace(at, count, count, '\0');
            break;
        case 2:
            content.erase(at, count);
            break;
        default:
            content.resize(at);
    }
    disk.overwrite(life, content);
}

/// A result's line, and the segment in which it counts.
struct ResultLine {
    char letter;
    std::uint32_t life;
    std::string text;
};
std::vector<ResultLine> result_lines() {
    std::vector<ResultLine> lines;
    for (const auto& [letter, life, number, segment] :
         {std::tuple{'a', 1U, 1U, 1U}, {'b', 2U, 2U, 2U}, {'c', 2U, 1U, 3U}, {'d', 3U, 1U, 3U}, {'e', 4U, 1U, 4U}})
        lines.push_back({letter, segment, ledger_line(json_of(finished(attempt(letter, life, number))))});
    return lines;
}
/// Also without its line end, or behind others' rest.
bool can_be_read(const MemoryDisk& disk, const event::Finished& finished) {
    std::string line = ledger_line(json_of(finished));
    line.pop_back();
    for (std::uint32_t life = 1; life <= 4; ++life)
        if (disk.content(life).find(line) != std::string::npos) return true;
    return false;
}

TEST(LedgerRepair, WhateverIsDamagedEveryResultThatCanBeReadCountsAndNoOther) {
    for (unsigned seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        MemoryDisk disk;
        write_four_lives(disk);
        for (auto times = 1 + random() % 4; times > 0; --times) damage_at_random(disk, random);
        const bool was_damaged = repair_ledger(disk, {}, 99).has_value();
        const Plan plan = plan_of(disk);
        const auto results = results_of(plan);
        for (const ResultLine& line : result_lines())
            EXPECT_TRUE(results.contains(line.letter) || disk.content(line.life).find(line.text) == std::string::npos) << line.letter;
        for (std::size_t i = 0; i < plan.size(); ++i) {
            const auto* done = plan.status(i).as<trial_state::Finished>();
            if (done == nullptr) continue;
            event::Finished told{.attempt = done->attempt, .result = done->result, .workers = done->workers};
            EXPECT_TRUE(can_be_read(disk, told)) << letters[i];
        }
        EXPECT_TRUE(plan.counts().running == 0 || !was_damaged);
        LedgerWriter next = begin(disk);
        EXPECT_EQ(results_of(plan_of(disk)), results);
    }
}

}  // namespace
}  // namespace layersweep
