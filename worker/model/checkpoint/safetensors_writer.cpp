#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

namespace layersweep {
namespace {

constexpr std::size_t alignment = 8;

const char* safetensors_name(StoredType type) {
    switch (type) {
        case StoredType::f32:
            return "F32";
        case StoredType::f16:
            return "F16";
        case StoredType::bf16:
            return "BF16";
        case StoredType::f64:
            return "F64";
    }
    throw InvariantError("a stored type without a name");
}

/// A file that is either finished and renamed into place, or gone.
class AsideFile {
public:
    explicit AsideFile(const std::string& path) : path_(path), aside_(path + ".tmp") {
        descriptor_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (descriptor_ < 0) fail("cannot be made");
    }
    ~AsideFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!finished_) ::unlink(aside_.c_str());
    }
    AsideFile(const AsideFile&) = delete;
    AsideFile& operator=(const AsideFile&) = delete;

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail("cannot be written");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }

    void finish() {
        if (::fsync(descriptor_) != 0) fail("cannot be synchronised");
        if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be closed");
        if (::rename(aside_.c_str(), path_.c_str()) != 0) fail("cannot be renamed into place");
        finished_ = true;
        sync_folder();
    }

private:
    void sync_folder() {
        const auto parent = std::filesystem::path(path_).parent_path();
        const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) return;  // a folder that may be written but not listed: the rename stands, only its durability is the system's
        ::fsync(folder);
        ::close(folder);
    }
    [[noreturn]] void fail(const char* what) const { throw MachineError(fmt::format("{} {}: {}", aside_, what, std::strerror(errno))); }

    std::string path_, aside_;
    int descriptor_ = -1;
    bool finished_ = false;
};

std::string header_of(const std::vector<TensorToWrite>& tensors) {
    nlohmann::ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
    std::uint64_t offset = 0;
    for (const TensorToWrite& tensor : tensors) {
        LAYERSWEEP_CHECK(checked_bytes(tensor.shape, bytes_of(tensor.type)) == tensor.bytes.size(),
                         tensor.name + ": bytes do not fit the shape");
        LAYERSWEEP_CHECK(!header.contains(tensor.name), tensor.name + ": written twice");
        const std::uint64_t end = offset + tensor.bytes.size();
        header[tensor.name] = {{"dtype", safetensors_name(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.append((alignment - text.size() % alignment) % alignment, ' ');
    return text;
}

}  // namespace

void write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors) {
    const std::string header = header_of(tensors);
    std::array<std::byte, alignment> length{};
    for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<std::byte>(header.size() >> (8 * i));
    AsideFile file(path);
    file.write(length);
    file.write(std::as_bytes(std::span(header)));
    for (const TensorToWrite& tensor : tensors) file.write(tensor.bytes);
    file.finish();
}

}  // namespace layersweep
