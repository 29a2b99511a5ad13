#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "orchestrator/ledger/event.hpp"
#include "orchestrator/ledger/ledger_format.hpp"
#include "orchestrator/ledger/ledger_reader.hpp"
#include "orchestrator/ledger/segment_store.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

/// A later life is on the disk: another process took the sweep over, and nothing that this one writes counts any more.
class Fenced : public MachineError {
public:
    using MachineError::MachineError;
};

/// Writes the events of one life. One thread. After a failed write or sync nobody knows what is on the disk, so that segment is never
/// written again: what is not surely there waits in memory until `go_on` finds room for it in the next one.
class LedgerWriter {
public:
    enum class Durability {
        written,  ///< in the kernel's hands when the next `commit` returns
        synced,   ///< on the disk when the next `commit` returns
    };

    /// Into `file`, made by the store under the header's name and still empty. Writes the header and syncs it; throws StorageError.
    LedgerWriter(SegmentStore& store, std::unique_ptr<AppendFile> file, SegmentHeader header);

    /// Waits in memory for the next `commit`.
    void append(const Event& event, Durability durability);
    /// All that waits goes to the kernel in one write: what depends on it may be sent. Throws as `commit` does.
    void write();
    /// `write`, and then one fdatasync where some of it asked for that. Throws StorageError, and then does so until `go_on`
    /// has come back; throws Fenced where it does not count.
    void commit();
    /// After a `commit` that threw: goes on in a new segment with all that is not surely on the disk. Throws StorageError where that
    /// cannot be written either, Fenced.
    void go_on(std::int64_t time_ms);
    /// Throws Fenced.
    void check_fence() const;

    [[nodiscard]] bool is_broken() const { return !failure_.empty(); }
    [[nodiscard]] std::uint32_t life() const { return header_.name.life; }

private:
    void write_unwritten();
    void sync();
    [[noreturn]] void fail(const std::string& what);

    SegmentStore* store_;
    std::unique_ptr<AppendFile> file_;
    SegmentHeader header_;
    std::string unsynced_;        ///< lines that are not surely on the disk
    std::size_t written_ = 0;     ///< bytes of them that the kernel has
    std::uint64_t synced_ = 0;    ///< bytes of the segment that are surely on the disk
    std::uint32_t highest_life_;  ///< that this writer has made a segment for
    bool sync_owed_ = false;
    std::string failure_;  ///< not empty: this segment is not written any more
};

/// A segment that is made and still empty.
struct NewSegment {
    SegmentName name;
    std::unique_ptr<AppendFile> file;
};
/// Makes the segment after the highest on the disk, which fences whoever wrote before. Throws ConfigError where another process made it.
[[nodiscard]] NewSegment make_next_segment(SegmentStore& store, std::uint32_t shard);

/// Begins the life after the highest on the disk: makes its segment, which fences whoever wrote before, and only then reads what counts,
/// every event of it to `on_event`, the new life's beginning last. Throws ConfigError where another process began the same life.
[[nodiscard]] LedgerWriter begin_life(SegmentStore& store, const LifeDescription& description, std::int64_t time_ms,
                                      const OnEvent& on_event);

}  // namespace layersweep
