#include "orchestrator/ledger/ledger_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "protocol/errors.hpp"
#include "tests/orchestrator/ledger/ledger_fixture.hpp"
#include "tests/support/refusal.hpp"

namespace layersweep {
namespace {

using test::failure_of;
using test::LedgerOnDisk;
using testing::HasSubstr;

const Event began_1 = event::LifeBegan{1, false, 7};
const Event began_2 = event::LifeBegan{2, false, 7};

std::string refusal_of(const LedgerOnDisk& ledger) {
    return test::refusal<MachineError>([&] { (void)ledger.replay(); });
}

/// Where line `number` (from 0) of a text begins.
std::size_t line_start(const std::string& text, int number) {
    std::size_t start = 0;
    for (; number > 0; --number) start = text.find('\n', start) + 1;
    return start;
}

TEST(LedgerReader, NoLedgerIsAnEmptyOne) {
    LedgerOnDisk ledger;
    LedgerEnd end;
    EXPECT_TRUE(ledger.replay(&end).empty());
    EXPECT_EQ(end.newest, std::nullopt);
    EXPECT_EQ(end.highest_life, 0U);
}

TEST(LedgerReader, LivesComeBackOldestFirst) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a'), failure_of('b')});
    ledger.live({failure_of('c')});
    LedgerEnd end;
    EXPECT_EQ(ledger.replay(&end), (std::vector<Event>{began_1, failure_of('a'), failure_of('b'), began_2, failure_of('c')}));
    EXPECT_EQ(end.highest_life, 2U);
    EXPECT_EQ(end.newest->previous->bytes, ledger.content(1).size());
    EXPECT_EQ(end.counting_bytes, ledger.content(2).size());
}

/// The segments that docs/ledger.md shows, as they would lie on a disk.
void write_example(const LedgerOnDisk& ledger) {
    std::ifstream document(LAYERSWEEP_SOURCE_DIR "/docs/ledger.md");
    std::uint32_t life = 0;
    std::string content;
    for (std::string line; std::getline(document, line);) {
        if (line.starts_with("`0-")) life = static_cast<std::uint32_t>(std::stoul(line.substr(3, 6)));
        if (life == 0 || line == "```" || line.starts_with('`')) {
            if (line == "```" && !content.empty()) ledger.overwrite(life, std::exchange(content, {}));
            continue;
        }
        if (!line.empty()) content += parse_ledger_line(line) ? line + '\n' : line;  // a torn line has no end
    }
}

TEST(LedgerReader, TheExampleOfTheDocumentIsReplayed) {
    LedgerOnDisk ledger;
    write_example(ledger);
    LedgerEnd end;
    const auto events = ledger.replay(&end);
    ASSERT_EQ(events.size(), 9U);
    EXPECT_EQ(events[0], Event(event::LifeBegan{1, false, 1700000000000}));
    EXPECT_EQ(events[5], Event(event::LifeBegan{2, true, 1700000009000}));
    EXPECT_EQ(events[7], Event(event::LifeBegan{3, false, 1700000100000}));
    EXPECT_EQ(end.ignored_bytes, 0U);
    EXPECT_GT(ledger.content(1).size(), 962U) << "its torn tail is shown";
}

TEST(LedgerReader, TornTailIsIgnored) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a'), failure_of('b')});
    const std::string whole = ledger.content(1);
    const std::size_t last = line_start(whole, 2);
    for (std::size_t cut = last; cut < whole.size(); ++cut) {
        ledger.overwrite(1, whole.substr(0, cut));
        LedgerEnd end;
        ASSERT_EQ(ledger.replay(&end), (std::vector<Event>{began_1, failure_of('a')})) << "cut at " << cut;
        ASSERT_EQ(end.counting_bytes, last);
        ASSERT_EQ(end.ignored_bytes, cut - last);
    }
}

TEST(LedgerReader, TornTailStaysIgnoredWhenTheNextLifeGoesOn) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a'), failure_of('b')});
    ledger.overwrite(1, ledger.content(1).substr(0, ledger.content(1).size() - 3));
    ledger.live({failure_of('c')});
    LedgerEnd end;
    EXPECT_EQ(ledger.replay(&end), (std::vector<Event>{began_1, failure_of('a'), began_2, failure_of('c')}));
    EXPECT_EQ(end.ignored_bytes, 0U);
}

TEST(LedgerReader, WhatAFencedLifeStillWritesIsIgnored) {
    LedgerOnDisk ledger;
    LedgerWriter old = ledger.begin({failure_of('a')});
    ledger.live({failure_of('b')});
    old.append(failure_of('c'), LedgerWriter::Durability::synced);
    EXPECT_THROW(old.commit(), Fenced);
    EXPECT_EQ(ledger.replay(), (std::vector<Event>{began_1, failure_of('a'), began_2, failure_of('b')}));
}

TEST(LedgerReader, DamageInTheMiddleIsRefused) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a'), failure_of('b')});
    std::string damaged = ledger.content(1);
    const std::size_t start = line_start(damaged, 1);
    damaged[start + 40] ^= 1;
    ledger.overwrite(1, damaged);
    const std::string message = refusal_of(ledger);
    EXPECT_THAT(message, HasSubstr(ledger.segment(1).string()));
    EXPECT_THAT(message, HasSubstr("byte " + std::to_string(start) + ":"));
}

TEST(LedgerReader, DamageAtTheEndOfAnOlderSegmentIsRefused) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a'), failure_of('b')});
    ledger.live({});
    std::string damaged = ledger.content(1);
    damaged[damaged.size() - 5] ^= 1;
    ledger.overwrite(1, damaged);
    EXPECT_THAT(refusal_of(ledger), HasSubstr("byte " + std::to_string(line_start(damaged, 2)) + ":"));
}

TEST(LedgerReader, AnOlderSegmentThatLostItsEndIsRefused) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a'), failure_of('b')});
    ledger.live({});
    const std::string whole = ledger.content(1);
    ledger.overwrite(1, whole.substr(0, line_start(whole, 2)));
    EXPECT_THAT(refusal_of(ledger), HasSubstr("the file ends here"));
}

TEST(LedgerReader, AMissingOlderSegmentIsRefused) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a')});
    ledger.live({});
    std::filesystem::remove(ledger.segment(1));
    EXPECT_THAT(refusal_of(ledger), HasSubstr(ledger.segment(1).string()));
}

TEST(LedgerReader, ASegmentThatDiedBeforeItsHeaderIsPassedOver) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a')});
    ledger.live({});
    ledger.overwrite(2, ledger.content(2).substr(0, 20));
    LedgerEnd end;
    EXPECT_EQ(ledger.replay(&end), (std::vector<Event>{began_1, failure_of('a')}));
    EXPECT_EQ(end.highest_life, 2U);
    ledger.live({failure_of('b')});
    EXPECT_EQ(ledger.replay(), (std::vector<Event>{began_1, failure_of('a'), Event(event::LifeBegan{3, false, 7}), failure_of('b')}));
}

TEST(LedgerReader, ADamagedHeaderBeforeSoundLinesIsRefused) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a')});
    std::string damaged = ledger.content(1);
    damaged[30] ^= 1;
    ledger.overwrite(1, damaged);
    EXPECT_THAT(refusal_of(ledger), HasSubstr("byte 0:"));
}

TEST(LedgerReader, UnknownKindsOfEventsAreIgnored) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a')});
    const std::string line = ledger_line({{"event", "weather"}, {"rain", true}});
    ledger.overwrite(1, ledger.content(1) + line + ledger_line(json_of(failure_of('b'))));
    LedgerEnd end;
    EXPECT_EQ(ledger.replay(&end), (std::vector<Event>{began_1, failure_of('a'), failure_of('b')}));
    EXPECT_EQ(end.ignored_bytes, 0U);
}

TEST(LedgerReader, ASegmentUnderAnotherNameIsNotTakenForOne) {
    LedgerOnDisk ledger;
    ledger.live({failure_of('a')});
    std::filesystem::copy_file(ledger.segment(1), ledger.segment(5));
    EXPECT_THAT(refusal_of(ledger), HasSubstr(ledger.segment(5).string()));
}

TEST(LedgerReader, ALaterFormatIsRefusedAndNotTakenForDamage) {
    LedgerOnDisk ledger;
    auto header = json_of(SegmentHeader{.life_of = {.sweep = "sample"}, .name = {0, 1}});
    header["format"] = "layersweep-ledger-3";
    ledger.overwrite(1, ledger_line(header));
    EXPECT_THAT(refusal_of(ledger), HasSubstr("format 3"));
}

TEST(LedgerReader, AResultThatNobodyMadeIsRefused) {
    LedgerOnDisk ledger;
    ledger.live({});
    event::Finished by_nobody;
    by_nobody.attempt = {test::sample_trial('a').key, 1, 1};
    by_nobody.result = test::sample_result(1);
    auto finished = json_of(by_nobody);
    ledger.overwrite(1, ledger.content(1) + ledger_line(finished));
    EXPECT_THAT(refusal_of(ledger), HasSubstr("nobody made"));
}

}  // namespace
}  // namespace layersweep
