#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace layersweep {

/// A regular file read by position that counts every byte it hands out. Thread-safe.
class ByteFile {
public:
    /// Throws ConfigError where the file is absent, unreadable or not a regular file.
    explicit ByteFile(std::string path);
    ~ByteFile();
    ByteFile(const ByteFile&) = delete;
    ByteFile& operator=(const ByteFile&) = delete;

    /// Fills `out`; throws ConfigError where the file ends before that, MachineError where the disk fails.
    void read(std::uint64_t offset, std::span<std::byte> out) const;
    /// Reads up to `out.size()` bytes and returns how many: fewer only at the file's end.
    [[nodiscard]] std::size_t read_some(std::uint64_t offset, std::span<std::byte> out) const;
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
    mutable std::atomic<std::uint64_t> bytes_read_ = 0;
};

}  // namespace layersweep
