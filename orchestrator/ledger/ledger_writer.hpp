#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "orchestrator/ledger/append_file.hpp"
#include "orchestrator/ledger/event.hpp"
#include "orchestrator/ledger/ledger_reader.hpp"

namespace layersweep {

/// Writes one segment: the events of one life. One thread. The first failure ends the life: it throws MachineError, and so does every
/// later call, because after a failed sync nobody knows what is on the disk.
class LedgerWriter {
public:
    enum class Durability {
        written,  ///< in the kernel's hands when `append` returns
        synced,   ///< on the disk when the next `commit` returns
    };

    /// Writes the header and syncs it.
    LedgerWriter(std::unique_ptr<AppendFile> file, const SegmentHeader& header);

    void append(const Event& event, Durability durability);
    /// One fdatasync for all events since the last that asked for it; nothing where none did.
    void commit();

    [[nodiscard]] std::uint32_t life() const { return life_; }

private:
    void write(std::string line);
    void sync();
    [[noreturn]] void end_life(const std::string& what);

    std::unique_ptr<AppendFile> file_;
    std::uint32_t life_;
    bool sync_owed_ = false;
    std::string failure_;  ///< not empty: the life has ended
};

/// What a new life writes into its header.
struct LifeDescription {
    std::string sweep;
    std::string grid_hash;
    std::string code_version;
    std::uint32_t shard = 0;
};

/// Begins the life after the highest on the disk; it continues what `end` says counts. Makes the ledger's folder where it is missing.
/// Throws ConfigError where another process began the same life.
[[nodiscard]] LedgerWriter begin_life(const ResultsFolder& folder, const LedgerEnd& end, const LifeDescription& description);

}  // namespace layersweep
