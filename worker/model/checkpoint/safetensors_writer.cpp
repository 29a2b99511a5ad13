#include <array>

#include <nlohmann/json.hpp>

#include "protocol/durable_file.hpp"
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

std::string header_of(const std::vector<TensorToWrite>& tensors, const SafetensorsMetadata& metadata) {
    nlohmann::ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
    for (const auto& [name, text] : metadata) header["__metadata__"][name] = text;
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

void write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors, const SafetensorsMetadata& metadata) {
    const std::string header = header_of(tensors, metadata);
    std::array<std::byte, alignment> length{};
    for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<std::byte>(header.size() >> (8 * i));
    std::uint64_t bytes = length.size() + header.size();
    for (const TensorToWrite& tensor : tensors) bytes += tensor.bytes.size();
    AsideFile file(path);
    file.reserve(bytes);
    file.write(std::span<const std::byte>(length));
    file.write(header);
    for (const TensorToWrite& tensor : tensors) tensor.bytes.hand_out([&](std::span<const std::byte> piece) { file.write(piece); });
    file.take_place(Durability::synced);
}

}  // namespace layersweep
