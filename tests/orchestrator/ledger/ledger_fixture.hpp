#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "orchestrator/ledger/ledger_reader.hpp"
#include "orchestrator/ledger/ledger_writer.hpp"
#include "tests/support/read_text.hpp"
#include "tests/support/sample_trials.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep::test {

/// A results folder with ledgers written by the real writer and damaged by hand.
struct LedgerOnDisk {
    TemporaryDirectory directory;
    ResultsFolder folder{directory.path()};
    mutable SegmentFolder store{folder};

    LedgerOnDisk() { std::filesystem::create_directories(folder.ledger()); }

    [[nodiscard]] std::vector<Event> replay(LedgerEnd* end = nullptr) const {
        std::vector<Event> events;
        const LedgerEnd found = replay_ledger(store, [&events](const Event& event) { events.push_back(event); });
        if (end != nullptr) *end = found;
        return events;
    }
    /// One life that records `events`.
    void live(const std::vector<Event>& events) const { (void)begin(events); }
    LedgerWriter begin(const std::vector<Event>& events) const {
        LedgerWriter writer =
            begin_life(store, {.sweep = "sample", .grid_hash = "g", .code_version = "test"}, /*time_ms=*/7, [](const Event&) {});
        for (const Event& event : events) writer.append(event, LedgerWriter::Durability::synced);
        writer.commit();
        return writer;
    }
    [[nodiscard]] std::filesystem::path segment(std::uint32_t life) const { return folder.segment({0, life}); }
    [[nodiscard]] std::string content(std::uint32_t life) const { return read_text(segment(life)); }
    void overwrite(std::uint32_t life, const std::string& content) const { std::ofstream(segment(life), std::ios::binary) << content; }
};

inline Event failure_of(char letter, std::uint32_t number = 1) {
    return event::Failed{{sample_trial(letter).key, 1, number}, {FailureReason::internal, "x"}};
}

}  // namespace layersweep::test
