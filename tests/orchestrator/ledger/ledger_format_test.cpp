#include "orchestrator/ledger/ledger_format.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "orchestrator/ledger/event.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

TEST(LedgerLine, AnyChangedCharacterIsNoticed) {
    std::string line = ledger_line({{"event", "completed"}});
    line.pop_back();
    ASSERT_TRUE(parse_ledger_line(line));
    for (std::size_t i = 0; i < line.size(); ++i) {
        std::string changed = line;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(parse_ledger_line(changed)) << "at " << i;
        EXPECT_FALSE(parse_ledger_line(line.substr(0, i))) << "cut at " << i;
    }
}

TEST(LedgerLine, StaysReadableByLaterVersions) {
    EXPECT_EQ(ledger_line({{"event", "completed"}}), "aa60ed4e628a5ec3 {\"event\":\"completed\"}\n");
}

TEST(LedgerLine, TheExamplesOfTheDocumentAreSound) {
    std::ifstream document(LAYERSWEEP_SOURCE_DIR "/docs/ledger.md");
    int headers = 0, events = 0;
    for (std::string line; std::getline(document, line);) {
        const auto json = parse_ledger_line(line);
        if (!json) continue;
        if (header_of(*json)) ++headers;
        if (json->contains("event") && event_of(*json)) ++events;
    }
    EXPECT_EQ(headers, 3);
    EXPECT_EQ(events, 6);
}

TEST(SegmentName, ComesBackFromItsText) {
    const SegmentName name{.shard = 2, .life = 41};
    EXPECT_EQ(name.text(), "2-000041.jsonl");
    EXPECT_EQ(SegmentName::parse(name.text()), name);
}

TEST(SegmentName, OtherFilesAreNoSegments) {
    for (const char* text :
         {"holder.json", "0-1.jsonl", "0-000001.jsonl.old", "-000001.jsonl", "0-00000x.jsonl", "0-000001.json", "0-.jsonl", ""})
        EXPECT_EQ(SegmentName::parse(text), std::nullopt) << text;
}

TEST(SegmentHeader, ComesBackFromItsJson) {
    SegmentHeader header{.life_of = {.sweep = "demo",
                                     .grid_hash = "abc",
                                     .code_version = "0.1.0",
                                     .host = "n1",
                                     .host_class = "GenuineIntel avx2",
                                     .models = {{"tiny", "0a"}},
                                     .datasets = {{"sst2", "0b"}, {"trec", "0c"}}},
                         .name = {0, 1},
                         .time_ms = 1700000000000};
    EXPECT_EQ(header_of(json_of(header)), header);
    header.previous = PreviousSegment{{0, 7}, 12345};
    header.continued = true;
    header.repaired = {{{0, 3}, 17, 99}};
    EXPECT_EQ(header_of(json_of(header)), header);
}

TEST(SegmentHeader, WhatTheFirstVersionWroteIsRead) {
    const nlohmann::json first = {
        {"format", "layersweep-ledger-1"}, {"sweep", "demo"},     {"shard", 0}, {"life", 2}, {"grid_hash", "g"}, {"code_version", "0.1.0"},
        {"previous", "0-000001.jsonl"},    {"previous_bytes", 12}};
    const auto header = header_of(first);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->previous, (PreviousSegment{{0, 1}, 12}));
    EXPECT_FALSE(header->continued);
}

TEST(SegmentHeader, AnotherFormatIsNone) {
    auto json = json_of(SegmentHeader{.life_of = {.sweep = "demo"}, .name = {0, 1}});
    for (const char* format : {"somebody-elses-1", "layersweep-ledger-", "layersweep-ledger-x", "layersweep-ledger-0", ""}) {
        json["format"] = format;
        EXPECT_EQ(header_of(json), std::nullopt) << format;
    }
    EXPECT_EQ(header_of({{"event", "completed"}}), std::nullopt);
}

TEST(SegmentHeader, HostileNumbersAndNestingAreNone) {
    auto json = json_of(SegmentHeader{.life_of = {.sweep = "demo"}, .name = {0, 1}});
    json["shard"] = 9.2e19;
    EXPECT_EQ(header_of(json), std::nullopt);
    json["shard"] = 0;
    json["repaired"] = {{1, 2}};
    EXPECT_EQ(header_of(json), std::nullopt);
}

TEST(SegmentHeader, ALaterVersionIsRefused) {
    auto json = json_of(SegmentHeader{.life_of = {.sweep = "demo"}, .name = {0, 1}});
    json["format"] = "layersweep-ledger-3";
    EXPECT_THROW((void)header_of(json), MachineError);
}

}  // namespace
}  // namespace layersweep
