#include "orchestrator/ledger/ledger_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

LedgerWriter::LedgerWriter(std::unique_ptr<AppendFile> file, const SegmentHeader& header)
    : file_(std::move(file)), life_(header.name.life) {
    write(ledger_line(json_of(header)));
    sync();
}

void LedgerWriter::append(const Event& event, Durability durability) {
    write(ledger_line(json_of(event)));
    sync_owed_ = sync_owed_ || durability == Durability::synced;
}

void LedgerWriter::commit() {
    if (sync_owed_ || !failure_.empty()) sync();
}

void LedgerWriter::write(std::string line) {
    if (!failure_.empty()) throw MachineError(failure_);
    std::string_view rest = line;
    while (!rest.empty()) {
        const std::int64_t taken = file_->write(rest);
        if (taken == -EINTR) continue;
        if (taken < 0) end_life(std::string("cannot be written: ") + std::strerror(static_cast<int>(-taken)));
        if (taken == 0) end_life("takes no more bytes");
        rest.remove_prefix(static_cast<std::size_t>(taken));
    }
}

void LedgerWriter::sync() {
    if (!failure_.empty()) throw MachineError(failure_);
    if (const int error = file_->sync(); error != 0) end_life(std::string("cannot be synced to the disk: ") + std::strerror(error));
    sync_owed_ = false;
}

void LedgerWriter::end_life(const std::string& what) {
    failure_ = "the ledger " + file_->name() + " " + what +
               "\n  why: a result that is not on the disk does not count\n"
               "  do:  make room or mend the disk, then run the same command again: it goes on from what is recorded";
    throw MachineError(failure_);
}

namespace {

/// What a killed life wrote and did not sync counts from now on, so it has to be on the disk before the new header says so.
void sync_existing(const std::filesystem::path& segment) {
    const int file = open(segment.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && fdatasync(file) == 0;
    const int error = errno;
    if (file >= 0) close(file);
    if (!synced) throw MachineError("the ledger " + segment.string() + " cannot be synced to the disk: " + std::strerror(error));
}

}  // namespace

LedgerWriter begin_life(const ResultsFolder& folder, const LedgerEnd& end, const LifeDescription& description) {
    make_folder(folder.ledger());
    SegmentHeader header{.sweep = description.sweep,
                         .name = {description.shard, end.highest_life + 1},
                         .grid_hash = description.grid_hash,
                         .code_version = description.code_version};
    if (end.newest) {
        sync_existing(folder.segment(end.newest->name));
        header.previous = PreviousSegment{end.newest->name, end.counting_bytes};
    }
    return LedgerWriter(std::make_unique<ExclusiveFile>(folder.segment(header.name)), header);
}

}  // namespace layersweep
