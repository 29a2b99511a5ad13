#include "orchestrator/ledger/ledger_reader.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, std::uint64_t byte, std::string_view what) {
    throw MachineError(
        fmt::format("{}, byte {}: {}\n  why: results that were recorded would be lost without notice\n"
                    "  do:  restore this file from a copy, or move the whole ledger folder away and run the sweep from the beginning",
                    file.string(), byte, what));
}

/// The lines of a file up to a limit, each with its place.
class LineCursor {
public:
    LineCursor(const std::filesystem::path& path, std::uint64_t limit) : file_(path, std::ios::binary), limit_(limit) {}

    /// The next whole line; nullopt at the end, at the limit, or where the newline is missing or stands behind the limit.
    std::optional<std::string> next() {
        std::string line;
        if (position_ >= limit_ || !std::getline(file_, line) || file_.eof()) return std::nullopt;
        const std::uint64_t end = position_ + line.size() + 1;
        // Another process may be writing: a line that was whole only after the limit was taken ends the walk for good.
        position_ = std::min(end, limit_);
        if (end > limit_) return std::nullopt;
        return line;
    }
    [[nodiscard]] std::uint64_t position() const { return position_; }

private:
    std::ifstream file_;
    std::uint64_t limit_;
    std::uint64_t position_ = 0;
};

struct Segment {
    SegmentHeader header;
    std::uint64_t limit;  ///< bytes that count; of the newest segment all that are sound
};

std::vector<SegmentName> names_on_disk(const ResultsFolder& folder, std::uint32_t shard) {
    std::vector<SegmentName> names;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder.ledger(), missing)) {
        const auto name = SegmentName::parse(entry.path().filename().string());
        if (name && name->shard == shard) names.push_back(*name);
    }
    std::ranges::sort(names, std::ranges::greater{}, &SegmentName::life);
    return names;
}

std::optional<SegmentHeader> read_header(const ResultsFolder& folder, const SegmentName& name, std::uint64_t limit) {
    LineCursor lines(folder.segment(name), limit);
    const auto line = lines.next();
    const auto json = line ? parse_ledger_line(*line) : std::nullopt;
    auto header = json ? header_of(*json) : std::nullopt;
    if (!header || header->name != name) return std::nullopt;
    return header;
}

/// A crash right after a segment was created leaves it without a header, and then without anything else that is sound.
void refuse_lost_header(const ResultsFolder& folder, const SegmentName& name, std::uint64_t limit) {
    const auto path = folder.segment(name);
    LineCursor lines(path, limit);
    while (const auto line = lines.next())
        if (parse_ledger_line(*line)) refuse(path, 0, "the header is damaged or of another version, and sound lines follow");
}

std::optional<SegmentHeader> newest_header(const ResultsFolder& folder, const std::vector<SegmentName>& names) {
    for (const SegmentName& name : names) {
        // One size for both looks: the header may be written in between.
        const auto size = std::filesystem::file_size(folder.segment(name));
        if (auto header = read_header(folder, name, size)) return header;
        refuse_lost_header(folder, name, size);
    }
    return std::nullopt;
}

/// The segments that count, newest first.
std::vector<Segment> chain_from(const ResultsFolder& folder, const SegmentHeader& newest) {
    std::vector<Segment> chain = {{newest, std::filesystem::file_size(folder.segment(newest.name))}};
    while (const auto previous = chain.back().header.previous) {
        const auto path = folder.segment(previous->name);
        if (!std::filesystem::exists(path)) refuse(path, 0, "this segment is missing, and a later one continues it");
        if (previous->name.life >= chain.back().header.name.life) refuse(path, 0, "the segments name each other in a circle");
        const auto size = std::filesystem::file_size(path);
        const auto header = read_header(folder, previous->name, size);
        if (!header) refuse(path, 0, "the header of this segment is damaged");
        if (size < previous->bytes) refuse(path, size, fmt::format("the file ends here, but {} bytes of it count", previous->bytes));
        chain.push_back({*header, previous->bytes});
    }
    return chain;
}

/// Replays the sound lines from the start and returns how many bytes they are.
std::uint64_t replay_sound(const ResultsFolder& folder, const Segment& segment, const std::function<void(const Event&)>& on_event,
                           LineCursor& lines) {
    (void)lines.next();  // the header, read before
    on_event(event::LifeBegan{segment.header.name.life});
    while (true) {
        const std::uint64_t start = lines.position();
        const auto line = lines.next();
        const auto json = line ? parse_ledger_line(*line) : std::nullopt;
        if (!json) return start;
        try {
            if (const auto event = event_of(*json)) on_event(*event);
        } catch (const MachineError& error) {
            refuse(folder.segment(segment.header.name), start, error.what());
        }
    }
}

std::uint64_t replay_segment(const ResultsFolder& folder, const Segment& segment, const std::function<void(const Event&)>& on_event) {
    LineCursor lines(folder.segment(segment.header.name), segment.limit);
    const std::uint64_t sound = replay_sound(folder, segment, on_event, lines);
    while (const auto line = lines.next())
        if (parse_ledger_line(*line)) refuse(folder.segment(segment.header.name), sound, "a line is damaged, and sound ones follow");
    return sound;
}

}  // namespace

LedgerEnd replay_ledger(const ResultsFolder& folder, const std::function<void(const Event&)>& on_event, std::uint32_t shard) {
    LedgerEnd end;
    const auto names = names_on_disk(folder, shard);
    if (names.empty()) return end;
    end.highest_life = names.front().life;
    end.newest = newest_header(folder, names);
    if (!end.newest) return end;

    const auto chain = chain_from(folder, *end.newest);
    for (std::size_t i = chain.size(); i-- > 0;) {
        const std::uint64_t sound = replay_segment(folder, chain[i], on_event);
        if (i > 0 && sound < chain[i].limit) refuse(folder.segment(chain[i].header.name), sound, "a line that counts is damaged");
        if (i > 0) continue;
        end.counting_bytes = sound;
        end.ignored_bytes = chain[i].limit - sound;
    }
    return end;
}

}  // namespace layersweep
