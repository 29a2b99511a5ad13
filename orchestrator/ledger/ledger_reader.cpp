#include "orchestrator/ledger/ledger_reader.hpp"

#include <algorithm>
#include <istream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

[[noreturn]] void refuse(const std::string& file, std::uint64_t byte, std::string_view what) {
    throw LedgerDamage(
        fmt::format("{}, byte {}: {}\n  why: results that were recorded would be lost without notice\n"
                    "  do:  restore this file from a copy, or keep all that can be read with `layersweep ledger check RESULTS --repair`",
                    file, byte, what));
}

/// The lines of a file up to a limit, each with its place.
class LineCursor {
public:
    LineCursor(std::unique_ptr<std::istream> file, std::uint64_t limit) : file_(std::move(file)), limit_(limit) {}

    /// The next whole line; nullopt at the end, at the limit, or where the newline is missing or stands behind the limit.
    std::optional<std::string> next() {
        std::string line;
        if (position_ >= limit_ || !std::getline(*file_, line) || file_->eof()) return std::nullopt;
        const std::uint64_t end = position_ + line.size() + 1;
        // Another process may be writing: a line that was whole only after the limit was taken ends the walk for good.
        position_ = std::min(end, limit_);
        if (end > limit_) return std::nullopt;
        return line;
    }
    [[nodiscard]] std::uint64_t position() const { return position_; }

private:
    std::unique_ptr<std::istream> file_;
    std::uint64_t limit_;
    std::uint64_t position_ = 0;
};

struct Segment {
    SegmentHeader header;
    std::uint64_t limit;  ///< bytes that count; of the newest segment all that are sound
};

std::vector<SegmentName> newest_first(const SegmentStore& store, std::uint32_t shard, std::optional<std::uint32_t> first_ignored_life) {
    auto names = store.names();
    std::erase_if(names,
                  [&](const SegmentName& name) { return name.shard != shard || (first_ignored_life && name.life >= *first_ignored_life); });
    std::ranges::sort(names, std::ranges::greater{}, &SegmentName::life);
    return names;
}

std::optional<SegmentHeader> read_header(const SegmentStore& store, const SegmentName& name, std::uint64_t limit) {
    LineCursor lines(store.open(name), limit);
    const auto line = lines.next();
    const auto json = line ? parse_ledger_line(*line) : std::nullopt;
    auto header = json ? header_of(*json) : std::nullopt;
    if (!header || header->name != name) return std::nullopt;
    return header;
}

/// A crash right after a segment was created leaves it without a header, and then without anything else that is sound.
void refuse_lost_header(const SegmentStore& store, const SegmentName& name, std::uint64_t limit) {
    LineCursor lines(store.open(name), limit);
    while (const auto line = lines.next())
        if (parse_ledger_line(*line)) refuse(store.where(name), 0, "the header is damaged or of another version, and sound lines follow");
}

std::optional<SegmentHeader> newest_header(const SegmentStore& store, const std::vector<SegmentName>& names) {
    for (const SegmentName& name : names) {
        // One size for both looks: the header may be written in between.
        const auto size = store.size(name);
        if (auto header = read_header(store, name, size)) return header;
        refuse_lost_header(store, name, size);
    }
    return std::nullopt;
}

/// The segments that count, newest first.
std::vector<Segment> chain_from(const SegmentStore& store, const SegmentHeader& newest) {
    std::vector<Segment> chain = {{newest, store.size(newest.name)}};
    while (const auto previous = chain.back().header.previous) {
        const auto path = store.where(previous->name);
        if (!store.exists(previous->name)) refuse(path, 0, "this segment is missing, and a later one continues it");
        if (previous->name.life >= chain.back().header.name.life) refuse(path, 0, "the segments name each other in a circle");
        const auto size = store.size(previous->name);
        const auto header = read_header(store, previous->name, size);
        if (!header) refuse(path, 0, "the header of this segment is damaged");
        if (size < previous->bytes) refuse(path, size, fmt::format("the file ends here, but {} bytes of it count", previous->bytes));
        chain.push_back({*header, previous->bytes});
    }
    return chain;
}

/// Replays the sound lines from the start and returns how many bytes they are.
std::uint64_t replay_sound(const SegmentStore& store, const Segment& segment, const OnEvent& on_event, LineCursor& lines) {
    (void)lines.next();  // the header, read before
    on_event(event::LifeBegan{segment.header.name.life, segment.header.continued, segment.header.time_ms});
    while (true) {
        const std::uint64_t start = lines.position();
        const auto line = lines.next();
        const auto json = line ? parse_ledger_line(*line) : std::nullopt;
        if (!json) return start;
        try {
            if (const auto event = event_of(*json)) on_event(*event);
        } catch (const MachineError& error) {
            refuse(store.where(segment.header.name), start, error.what());
        }
    }
}

std::uint64_t replay_segment(const SegmentStore& store, const Segment& segment, const OnEvent& on_event) {
    LineCursor lines(store.open(segment.header.name), segment.limit);
    const std::uint64_t sound = replay_sound(store, segment, on_event, lines);
    while (const auto line = lines.next())
        if (parse_ledger_line(*line)) refuse(store.where(segment.header.name), sound, "a line is damaged, and sound ones follow");
    return sound;
}

}  // namespace

LedgerEnd replay_ledger(const SegmentStore& store, const OnEvent& on_event, std::uint32_t shard,
                        std::optional<std::uint32_t> first_ignored_life) {
    LedgerEnd end;
    const auto names = newest_first(store, shard, first_ignored_life);
    if (names.empty()) return end;
    end.highest_life = names.front().life;
    end.newest = newest_header(store, names);
    if (!end.newest) return end;

    const auto chain = chain_from(store, *end.newest);
    for (std::size_t i = chain.size(); i-- > 0;) {
        const std::uint64_t sound = replay_segment(store, chain[i], on_event);
        if (i > 0 && sound < chain[i].limit) refuse(store.where(chain[i].header.name), sound, "a line that counts is damaged");
        if (i > 0) continue;
        end.counting_bytes = sound;
        end.ignored_bytes = chain[i].limit - sound;
    }
    return end;
}

}  // namespace layersweep
