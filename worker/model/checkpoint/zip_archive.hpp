#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "worker/model/checkpoint/byte_file.hpp"

namespace layersweep {

struct ZipEntry {
    std::string name;
    std::uint64_t size = 0;
};

/// A zip file whose entries lie in it as they are: compressed and encrypted ones are refused when the archive is opened. Every byte that
/// libzip takes from the file is counted. Thread-safe.
class ZipArchive {
public:
    explicit ZipArchive(const std::string& path);
    ~ZipArchive();
    ZipArchive(const ZipArchive&) = delete;
    ZipArchive& operator=(const ZipArchive&) = delete;

    [[nodiscard]] const std::vector<ZipEntry>& entries() const { return entries_; }
    /// Fills `out` from byte `offset` of the entry.
    void read(std::uint64_t entry, std::uint64_t offset, std::span<std::byte> out) const;
    [[nodiscard]] std::uint64_t bytes_read() const { return file_.bytes_read(); }
    [[nodiscard]] const std::string& path() const { return file_.path(); }

private:
    struct Opened;
    void list();

    ByteFile file_;
    std::unique_ptr<Opened> opened_;
    std::vector<ZipEntry> entries_;
    mutable std::mutex mutex_;  // libzip's handles are not thread-safe
};

}  // namespace layersweep
