#include "orchestrator/ledger/ledger_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace layersweep {
namespace {

/// Room for a header and some events: less is not worth a new segment.
constexpr std::uint64_t least_room = 64 << 10;

std::uint32_t highest_life(const SegmentStore& store, std::uint32_t shard) {
    std::uint32_t highest = 0;
    for (const SegmentName& name : store.names())
        if (name.shard == shard) highest = std::max(highest, name.life);
    return highest;
}

}  // namespace

LedgerWriter::LedgerWriter(SegmentStore& store, std::unique_ptr<AppendFile> file, SegmentHeader header)
    : store_(&store), file_(std::move(file)), header_(std::move(header)), highest_life_(header_.name.life) {
    unsynced_ = ledger_line(json_of(header_));
    sync_owed_ = true;
    write_unwritten();
    sync();
}

void LedgerWriter::append(const Event& event, Durability durability) {
    unsynced_ += ledger_line(json_of(event));
    sync_owed_ = sync_owed_ || durability == Durability::synced;
}

void LedgerWriter::write() {
    if (!failure_.empty()) throw StorageError(failure_);
    write_unwritten();
    check_fence();
}

void LedgerWriter::commit() {
    write();
    if (!sync_owed_) return;
    sync();
    // Whoever began a later life made its segment before it read ours: either it saw what is there now, or we see that segment.
    check_fence();
}

void LedgerWriter::go_on(std::int64_t time_ms) {
    check_fence();
    if (store_->size(header_.name) < synced_) throw StorageError(store_->where(header_.name) + " is shorter than it was");
    store_->try_room(std::max<std::uint64_t>(least_room, unsynced_.size()));
    SegmentHeader next = header_;
    next.name.life = ++highest_life_;
    next.previous = PreviousSegment{header_.name, synced_};
    next.continued = true;
    next.time_ms = time_ms;
    auto file = store_->create(next.name);
    if (!file) throw Fenced("another process began life " + std::to_string(next.name.life) + " of this sweep");
    LedgerWriter writer(*store_, std::move(file), std::move(next));
    writer.unsynced_ = unsynced_;
    writer.sync_owed_ = !unsynced_.empty();
    writer.commit();
    *this = std::move(writer);
}

void LedgerWriter::check_fence() const {
    const SegmentName next{header_.name.shard, highest_life_ + 1};
    if (store_->exists(next))
        throw Fenced("another process took this sweep over (" + store_->where(next) + "); what this one still does is not counted");
}

void LedgerWriter::write_unwritten() {
    while (written_ < unsynced_.size()) {
        const std::int64_t taken = file_->write(std::string_view(unsynced_).substr(written_));
        if (taken == -EINTR) continue;
        if (taken < 0) fail(std::string("cannot be written: ") + std::strerror(static_cast<int>(-taken)));
        if (taken == 0) fail("takes no more bytes");
        written_ += static_cast<std::size_t>(taken);
    }
}

void LedgerWriter::sync() {
    if (const int error = file_->sync(); error != 0) fail(std::string("cannot be synced to the disk: ") + std::strerror(error));
    synced_ += unsynced_.size();
    unsynced_.clear();
    written_ = 0;
    sync_owed_ = false;
}

void LedgerWriter::fail(const std::string& what) {
    failure_ = "the ledger " + file_->name() + " " + what;
    throw StorageError(failure_);
}

NewSegment make_next_segment(SegmentStore& store, std::uint32_t shard) {
    const std::uint32_t highest = highest_life(store, shard);
    LAYERSWEEP_CHECK(highest < std::numeric_limits<std::uint32_t>::max(), "no life is left");
    const SegmentName name{shard, highest + 1};
    auto file = store.create(name);
    if (!file)
        throw ConfigError(store.where(name), "another process began the same life of this sweep in this moment",
                          "two coordinators would run the same trials", "let the other one run, or stop it and run the same command again");
    return {name, std::move(file)};
}

LedgerWriter begin_life(SegmentStore& store, const LifeDescription& description, std::int64_t time_ms, const OnEvent& on_event) {
    auto [name, file] = make_next_segment(store, description.shard);
    SegmentHeader header{.life_of = description, .name = name, .time_ms = time_ms};
    const LedgerEnd end = replay_ledger(store, on_event, description.shard, header.name.life);
    if (end.newest) {
        // What a killed life wrote and did not sync counts from now on, so it has to be on the disk before the new header says so.
        store.sync(end.newest->name);
        header.previous = PreviousSegment{end.newest->name, end.counting_bytes};
    }
    LedgerWriter writer(store, std::move(file), std::move(header));
    on_event(event::LifeBegan{.life = writer.life(), .time_ms = time_ms});
    return writer;
}

}  // namespace layersweep
