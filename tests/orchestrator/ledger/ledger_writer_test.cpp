#include "orchestrator/ledger/ledger_writer.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "protocol/errors.hpp"
#include "tests/orchestrator/ledger/ledger_fixture.hpp"
#include "tests/support/memory_disk.hpp"

namespace layersweep {
namespace {

using test::failure_of;
using test::LedgerOnDisk;
using test::MemoryDisk;
using Durability = LedgerWriter::Durability;

SegmentHeader header_of_life(std::uint32_t life) {
    return {.life_of = {.sweep = "sample"}, .name = {0, life}};
}

/// A writer on a disk whose faults the test sets.
struct Writer {
    MemoryDisk disk;
    LedgerWriter ledger{disk, disk.create({0, 4}), header_of_life(4)};

    [[nodiscard]] std::vector<Event> replay() const {
        std::vector<Event> events;
        (void)replay_ledger(disk, [&events](const Event& event) { events.push_back(event); });
        return events;
    }
};

TEST(LedgerWriter, TheHeaderIsOnTheDiskBeforeAnythingElse) {
    Writer writer;
    EXPECT_EQ(writer.disk.content(4), ledger_line(json_of(header_of_life(4))));
    EXPECT_EQ(writer.disk.syncs, 1);
    EXPECT_EQ(writer.ledger.life(), 4U);
}

TEST(LedgerWriter, OneSyncCoversSeveralEvents) {
    Writer writer;
    for (const char letter : {'a', 'b', 'c'}) writer.ledger.append(failure_of(letter), Durability::synced);
    EXPECT_EQ(writer.disk.syncs, 1);
    writer.ledger.commit();
    EXPECT_EQ(writer.disk.syncs, 2);
    writer.ledger.commit();
    EXPECT_EQ(writer.disk.syncs, 2) << "nothing was owed";
}

TEST(LedgerWriter, WhatIsOnlyWrittenOwesNoSync) {
    Writer writer;
    writer.ledger.append(event::Assigned{}, Durability::written);
    writer.ledger.commit();
    EXPECT_EQ(writer.disk.syncs, 1);
    EXPECT_EQ(writer.replay().size(), 2U);
}

TEST(LedgerWriter, AShortWriteIsCompleted) {
    Writer writer;
    writer.disk.most_per_write = 7;
    writer.ledger.append(failure_of('a'), Durability::written);
    writer.ledger.commit();
    EXPECT_EQ(writer.replay().back(), failure_of('a'));
}

TEST(LedgerWriter, NothingIsWrittenBehindATornLine) {
    Writer writer;
    writer.disk.room = 10;
    writer.ledger.append(failure_of('a'), Durability::synced);
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    EXPECT_TRUE(writer.ledger.is_broken());
    writer.disk.room = 1 << 20;
    const std::string torn = writer.disk.content(4);
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    EXPECT_EQ(writer.disk.content(4), torn);
}

TEST(LedgerWriter, AFailedSyncIsNeverRepeatedOnTheSameFile) {
    Writer writer;
    writer.ledger.append(failure_of('a'), Durability::synced);
    writer.disk.sync_error = EIO;
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    writer.disk.sync_error = 0;
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    EXPECT_EQ(writer.disk.syncs, 2);
}

TEST(LedgerWriter, GoesOnInANewSegmentWithAllThatIsNotSurelyOnTheDisk) {
    Writer writer;
    writer.ledger.append(failure_of('a'), Durability::synced);
    writer.ledger.commit();
    writer.ledger.append(failure_of('b'), Durability::written);
    writer.ledger.commit();
    writer.ledger.append(failure_of('c'), Durability::synced);
    writer.disk.sync_error = EIO;
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    EXPECT_THROW(writer.ledger.go_on(0), StorageError) << "the disk is as broken as before";
    writer.disk.sync_error = 0;
    writer.disk.crash(0);  // of the broken segment only what was synced is left
    writer.ledger.go_on(5);
    writer.ledger.append(failure_of('d'), Durability::synced);
    writer.ledger.commit();
    EXPECT_EQ(writer.ledger.life(), 5U);
    EXPECT_EQ(writer.replay(), (std::vector<Event>{event::LifeBegan{4}, failure_of('a'), event::LifeBegan{5, true, 5}, failure_of('b'),
                                                   failure_of('c'), failure_of('d')}));
}

TEST(LedgerWriter, TriesAgainUntilThereIsRoomForAllThatWaits) {
    Writer writer;
    writer.disk.room = 10;
    writer.ledger.append(failure_of('a'), Durability::synced);
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    EXPECT_THROW(writer.ledger.go_on(0), StorageError);
    writer.disk.room = 1 << 20;
    writer.disk.most_per_write = 100;
    writer.ledger.go_on(0);
    EXPECT_EQ(writer.replay().back(), failure_of('a'));
}

TEST(LedgerWriter, AVanishedFolderIsNotTakenForANewOne) {
    Writer writer;
    writer.disk.away = true;
    writer.ledger.append(failure_of('a'), Durability::synced);
    EXPECT_THROW(writer.ledger.commit(), StorageError);
    EXPECT_THROW(writer.ledger.go_on(0), StorageError);
    writer.disk.away = false;
    writer.ledger.go_on(0);
    EXPECT_EQ(writer.replay().back(), failure_of('a'));
}

TEST(LedgerWriter, LearnsThatItIsFencedBeforeAResultCounts) {
    Writer writer;
    const LedgerWriter other = begin_life(writer.disk, {.sweep = "sample"}, 0, [](const Event&) {});
    writer.ledger.append(failure_of('a'), Durability::synced);
    EXPECT_THROW(writer.ledger.commit(), Fenced);
    EXPECT_THROW(writer.ledger.go_on(0), Fenced);
    EXPECT_EQ(writer.replay(), (std::vector<Event>{event::LifeBegan{4}, event::LifeBegan{5}}));
}

TEST(LedgerWriter, WhatWasSyncedBeforeTheFenceCounts) {
    Writer writer;
    writer.ledger.append(failure_of('a'), Durability::synced);
    writer.ledger.commit();
    std::vector<Event> seen;
    const LedgerWriter other = begin_life(writer.disk, {.sweep = "sample"}, 3, [&seen](const Event& event) { seen.push_back(event); });
    EXPECT_EQ(seen, (std::vector<Event>{event::LifeBegan{4}, failure_of('a'), event::LifeBegan{5, false, 3}}));
}

TEST(LedgerWriter, ANewLifeIsOneAboveAllOnTheDisk) {
    LedgerOnDisk ledger;
    EXPECT_EQ(ledger.begin({}).life(), 1U);
    EXPECT_EQ(ledger.begin({}).life(), 2U);
    ledger.overwrite(9, "");
    EXPECT_EQ(ledger.begin({}).life(), 10U);
}

TEST(LedgerWriter, TwoCannotMakeTheSameSegment) {
    LedgerOnDisk ledger;
    EXPECT_NE(ledger.store.create({0, 1}), nullptr);
    EXPECT_EQ(ledger.store.create({0, 1}), nullptr);
}

TEST(LedgerWriter, ARemovedSegmentIsNoPlaceForResults) {
    LedgerOnDisk ledger;
    LedgerWriter writer = ledger.begin({});
    std::filesystem::remove(ledger.segment(1));
    writer.append(failure_of('a'), Durability::synced);
    EXPECT_THROW(writer.commit(), StorageError);
    EXPECT_THROW(writer.go_on(0), StorageError);
}

}  // namespace
}  // namespace layersweep
