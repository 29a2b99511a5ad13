#include "orchestrator/ledger/ledger_writer.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "protocol/errors.hpp"
#include "tests/orchestrator/ledger/ledger_fixture.hpp"
#include "tests/support/faulty_file.hpp"

namespace layersweep {
namespace {

using test::failure_of;
using test::FaultyFile;
using test::LedgerOnDisk;
using Durability = LedgerWriter::Durability;

/// A writer on a file whose faults the test sets.
struct Writer {
    FaultyFile::Log log;
    LedgerWriter ledger{std::make_unique<FaultyFile>(log), SegmentHeader{.sweep = "sample", .name = {0, 4}}};
};

TEST(LedgerWriter, TheHeaderIsOnTheDiskBeforeAnythingElse) {
    Writer writer;
    EXPECT_EQ(writer.log.content, ledger_line(json_of(SegmentHeader{.sweep = "sample", .name = {0, 4}})));
    EXPECT_EQ(writer.log.syncs, 1);
    EXPECT_EQ(writer.ledger.life(), 4U);
}

TEST(LedgerWriter, OneSyncCoversSeveralEvents) {
    Writer writer;
    for (const char letter : {'a', 'b', 'c'}) writer.ledger.append(failure_of(letter), Durability::synced);
    EXPECT_EQ(writer.log.syncs, 1);
    writer.ledger.commit();
    EXPECT_EQ(writer.log.syncs, 2);
    writer.ledger.commit();
    EXPECT_EQ(writer.log.syncs, 2) << "nothing was owed";
}

TEST(LedgerWriter, WhatIsOnlyWrittenOwesNoSync) {
    Writer writer;
    writer.ledger.append(event::Assigned{}, Durability::written);
    writer.ledger.commit();
    EXPECT_EQ(writer.log.syncs, 1);
}

TEST(LedgerWriter, AShortWriteIsCompleted) {
    Writer writer;
    writer.log.content.clear();
    writer.log.most_per_write = 7;
    writer.ledger.append(failure_of('a'), Durability::written);
    EXPECT_EQ(writer.log.content, ledger_line(json_of(failure_of('a'))));
}

TEST(LedgerWriter, FullDiskEndsTheLife) {
    Writer writer;
    writer.log.room = 10;
    EXPECT_THROW(writer.ledger.append(failure_of('a'), Durability::synced), MachineError);
    writer.log.room = 1 << 20;
    const std::string torn = writer.log.content;
    EXPECT_THROW(writer.ledger.append(failure_of('b'), Durability::synced), MachineError);
    EXPECT_THROW(writer.ledger.commit(), MachineError);
    EXPECT_EQ(writer.log.content, torn) << "nothing may be written behind a torn line";
}

TEST(LedgerWriter, FailedSyncEndsTheLife) {
    Writer writer;
    writer.ledger.append(failure_of('a'), Durability::synced);
    writer.log.sync_error = EIO;
    EXPECT_THROW(writer.ledger.commit(), MachineError);
    writer.log.sync_error = 0;
    EXPECT_THROW(writer.ledger.commit(), MachineError) << "a failed sync is never repeated on the same file";
    EXPECT_EQ(writer.log.syncs, 2);
}

TEST(LedgerWriter, ANewLifeIsOneAboveAllOnTheDisk) {
    LedgerOnDisk ledger;
    EXPECT_EQ(ledger.begin({}).life(), 1U);
    EXPECT_EQ(ledger.begin({}).life(), 2U);
    ledger.overwrite(9, "");
    EXPECT_EQ(ledger.begin({}).life(), 10U);
}

TEST(LedgerWriter, TwoCannotBeginTheSameLife) {
    LedgerOnDisk ledger;
    LedgerEnd end;
    (void)ledger.replay(&end);
    const LedgerWriter first = begin_life(ledger.folder, end, {.sweep = "sample"});
    EXPECT_THROW((void)begin_life(ledger.folder, end, {.sweep = "sample"}), ConfigError);
}

}  // namespace
}  // namespace layersweep
