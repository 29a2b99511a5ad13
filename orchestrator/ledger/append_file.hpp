#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace layersweep {

/// A file that only grows.
class AppendFile {
public:
    virtual ~AppendFile() = default;
    /// Bytes taken, perhaps fewer than offered, or minus errno.
    [[nodiscard]] virtual std::int64_t write(std::string_view bytes) = 0;
    /// 0 when all that was written is on the disk, or errno.
    [[nodiscard]] virtual int sync() = 0;
    [[nodiscard]] virtual std::string name() const = 0;  ///< for messages
};

/// A file that this object created, and that nobody else may have created before.
class ExclusiveFile final : public AppendFile {
public:
    /// The folder's entry is on the disk too. Throws ConfigError where the file exists, MachineError where it cannot be made.
    explicit ExclusiveFile(std::filesystem::path path);
    ~ExclusiveFile() override;
    ExclusiveFile(const ExclusiveFile&) = delete;
    ExclusiveFile& operator=(const ExclusiveFile&) = delete;

    [[nodiscard]] std::int64_t write(std::string_view bytes) override;
    [[nodiscard]] int sync() override;
    [[nodiscard]] std::string name() const override { return path_.string(); }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace layersweep
