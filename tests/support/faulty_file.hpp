#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <string>

#include "orchestrator/ledger/append_file.hpp"

namespace layersweep::test {

/// A file in memory on a disk that may be full or broken.
class FaultyFile final : public AppendFile {
public:
    /// What the test sees and sets; outlives the file.
    struct Log {
        std::string content;
        int syncs = 0;                                               ///< asked for, failed ones included
        int sync_error = 0;                                          ///< errno of the next syncs
        std::size_t room = std::numeric_limits<std::size_t>::max();  ///< bytes until the disk is full
        std::size_t most_per_write = std::numeric_limits<std::size_t>::max();
    };
    explicit FaultyFile(Log& log) : log_(log) {}

    [[nodiscard]] std::int64_t write(std::string_view bytes) override {
        const std::size_t taken = std::min({bytes.size(), log_.room, log_.most_per_write});
        if (taken == 0) return -ENOSPC;
        log_.content.append(bytes.substr(0, taken));
        log_.room -= taken;
        return static_cast<std::int64_t>(taken);
    }
    [[nodiscard]] int sync() override {
        ++log_.syncs;
        return log_.sync_error;
    }
    [[nodiscard]] std::string name() const override { return "memory"; }

private:
    Log& log_;
};

}  // namespace layersweep::test
