#include "orchestrator/ledger/segment_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"
#include "protocol/repeat_interrupted.hpp"

namespace layersweep {
namespace {

class SegmentFile final : public AppendFile {
public:
    SegmentFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
    ~SegmentFile() override { ::close(descriptor_); }
    SegmentFile(const SegmentFile&) = delete;
    SegmentFile& operator=(const SegmentFile&) = delete;

    [[nodiscard]] std::int64_t write(std::string_view bytes) override {
        const ssize_t taken = ::write(descriptor_, bytes.data(), bytes.size());
        return taken >= 0 ? taken : -std::int64_t{errno};
    }
    [[nodiscard]] int sync() override {
        if (repeat_interrupted([this] { return ::fdatasync(descriptor_); }) != 0) return errno;
        struct stat found = {};
        if (::fstat(descriptor_, &found) != 0) return errno;
        return found.st_nlink == 0 ? ENOENT : 0;  // somebody removed the file; what is written to it is gone
    }
    [[nodiscard]] std::string name() const override { return name_; }

private:
    int descriptor_;
    std::string name_;
};

}  // namespace

std::vector<SegmentName> SegmentFolder::names() const {
    std::vector<SegmentName> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder_.ledger(), error), end; !error && entry != end; entry.increment(error))
        if (const auto name = SegmentName::parse(entry->path().filename().string())) names.push_back(*name);
    if (error && error != std::errc::no_such_file_or_directory)
        throw StorageError("cannot list " + folder_.ledger().string() + ": " + error.message());
    return names;
}

bool SegmentFolder::exists(const SegmentName& name) const {
    // A client of a network file system may remember that a name was not there: opening the folder makes it ask again.
    if (const int folder = ::open(folder_.ledger().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) ::close(folder);
    return ::access(folder_.segment(name).c_str(), F_OK) == 0;
}

std::uint64_t SegmentFolder::size(const SegmentName& name) const {
    std::error_code error;
    const auto size = std::filesystem::file_size(folder_.segment(name), error);
    if (error) throw StorageError("cannot read " + where(name) + ": " + error.message());
    return size;
}

std::unique_ptr<std::istream> SegmentFolder::open(const SegmentName& name) const {
    auto file = std::make_unique<std::ifstream>(folder_.segment(name), std::ios::binary);
    if (!*file) throw StorageError("cannot read " + where(name) + ": " + std::strerror(errno));
    return file;
}

std::unique_ptr<AppendFile> SegmentFolder::create(const SegmentName& name) {
    const auto path = folder_.segment(name);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0 && errno == EEXIST) return nullptr;
    if (descriptor < 0) throw StorageError("cannot create " + path.string() + ": " + std::strerror(errno));
    auto file = std::make_unique<SegmentFile>(descriptor, path.string());
    sync_folder(path.parent_path());
    return file;
}

void SegmentFolder::fill(const SegmentName& name, const std::string& content) {
    replace_file(folder_.segment(name), content, Durability::synced);
}

void SegmentFolder::sync(const SegmentName& name) {
    const int file = ::open(folder_.segment(name).c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && repeat_interrupted([file] { return ::fdatasync(file); }) == 0;
    const int error = errno;
    if (file >= 0) ::close(file);
    if (!synced) throw StorageError("the ledger " + where(name) + " cannot be synced to the disk: " + std::strerror(error));
}

void SegmentFolder::try_room(std::uint64_t bytes) {
    AsideFile probe(folder_.ledger() / "probe");
    probe.write(std::string(bytes, '\n'));
    probe.sync();
}

}  // namespace layersweep
