#include "worker/model/checkpoint/torch_file.hpp"

#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/pickle_reader.hpp"
#include "worker/model/checkpoint/state_dict.hpp"

namespace layersweep {
namespace {

const std::string pickle_name = "/data.pkl";

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& why) {
    throw ConfigError(path, what, why, "use the model's safetensors, or save it again with save_pretrained");
}

/// Refuses what is no zip file, PyTorch's old format by name; returns the bytes it took to see.
std::uint64_t probe(const std::string& path) {
    const ByteFile file(path);
    std::array<std::byte, 2> begin{};
    if (file.read_some(0, begin) < begin.size()) refuse(path, "has hardly any bytes", "the file is truncated");
    if (begin == std::array{std::byte{0x80}, std::byte{0x02}}) {
        refuse(path, "is in PyTorch's legacy format (before 1.6)",
               "it is one pickle, not a zip file, and cannot be read without running it");
    }
    if (begin != std::array{std::byte{'P'}, std::byte{'K'}}) refuse(path, "is not a zip file", "torch.save writes zip files");
    return file.bytes_read();
}

std::string read_whole(const ZipArchive& archive, std::uint64_t entry, std::uint64_t most) {
    const ZipEntry& found = archive.entries()[entry];
    if (found.size > most)
        refuse(archive.path(), fmt::format("entry \"{}\" has {} bytes", found.name, found.size), fmt::format("{} are allowed", most));
    std::string text(found.size, '\0');
    archive.read(entry, 0, std::as_writable_bytes(std::span(text)));
    return text;
}

std::map<std::string, std::uint64_t> entry_numbers(const ZipArchive& archive) {
    std::map<std::string, std::uint64_t> numbers;
    for (std::uint64_t number = 0; number < archive.entries().size(); ++number) numbers.emplace(archive.entries()[number].name, number);
    return numbers;
}

/// The folder inside the archive that holds data.pkl; its name depends on how the file was called when it was saved.
std::string prefix_of(const ZipArchive& archive) {
    std::optional<std::string> prefix;
    for (const ZipEntry& entry : archive.entries()) {
        const std::size_t slash = entry.name.find('/');
        if (slash == std::string::npos || entry.name.substr(slash) != pickle_name) continue;
        if (prefix) refuse(archive.path(), "holds two data.pkl", "which of the two counts is not defined");
        prefix = entry.name.substr(0, slash);
    }
    if (!prefix) refuse(archive.path(), "holds no data.pkl", "it is not a file of torch.save");
    return *prefix;
}

}  // namespace

TorchFile::TorchFile(const std::string& path, std::size_t number) : probed_bytes_(probe(path)), archive_(path) {
    const std::string prefix = prefix_of(archive_);
    const auto entries = entry_numbers(archive_);
    constexpr std::uint64_t most_byteorder = 16;
    const auto order = entries.find(prefix + "/byteorder");
    if (order != entries.end() && read_whole(archive_, order->second, most_byteorder) != "little") {
        refuse(path, "was saved on a big-endian machine", "only little-endian tensors are read");
    }
    const std::string pickle = read_whole(archive_, entries.at(prefix + pickle_name), PickleDocument::most_bytes);
    const PickleDocument document(path, std::as_bytes(std::span(pickle)));
    StateDict dict = read_state_dict(path, document.root());
    for (StateDictTensor& placed : dict.tensors) {
        const auto storage = entries.find(fmt::format("{}/data/{}", prefix, placed.storage));
        if (storage == entries.end())
            refuse(path, fmt::format("\"{}\" lies in storage {}", placed.tensor.name, placed.storage), "there is none of that name");
        if (checked_bytes({placed.storage_elements}, bytes_of(placed.tensor.type)) != archive_.entries()[storage->second].size) {
            refuse(path, fmt::format("\"{}\" lies in a storage of another size", placed.tensor.name), "the file is truncated or hostile");
        }
        placed.tensor.file = number;
        placed.tensor.entry = storage->second;
        listing_.tensors.push_back(std::move(placed.tensor));
    }
    listing_.unreadable = std::move(dict.unreadable);
}

}  // namespace layersweep
