#include "worker/model/checkpoint/safetensors_file.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/strict_json.hpp"

namespace layersweep {
namespace {

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t largest_header = 100'000'000;  // the reference implementation's limit

const std::map<std::string, StoredType> readable_types = {
    {"F32", StoredType::f32}, {"F16", StoredType::f16}, {"BF16", StoredType::bf16}, {"F64", StoredType::f64}};

struct Extent {
    std::uint64_t begin = 0, end = 0;
    std::string name;
};

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& why) {
    throw ConfigError(path, what, why, "download the model again");
}

std::uint64_t header_length(const ByteFile& file) {
    if (file.size() < length_bytes) refuse(file.path(), "is shorter than a safetensors header", "the file is truncated");
    std::array<std::byte, length_bytes> bytes{};
    file.read(0, bytes);
    std::uint64_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) length = (length << 8) | std::to_integer<std::uint64_t>(bytes[i]);
    if (length > largest_header) {
        refuse(file.path(), fmt::format("has a header of {} bytes", length), fmt::format("the format allows {} bytes", largest_header));
    }
    if (length > file.size() - length_bytes) refuse(file.path(), "ends inside its header", "the file is truncated");
    return length;
}

std::string header_text(const ByteFile& file, std::uint64_t length) {
    std::string text(length, '\0');
    file.read(length_bytes, std::as_writable_bytes(std::span(text)));
    return text;
}

/// An array of `key` that holds whole numbers from 0.
std::vector<std::int64_t> numbers(const std::string& path, const std::string& name, const nlohmann::json& fields, const char* key) {
    const auto found = fields.find(key);
    if (found == fields.end() || !found->is_array()) {
        refuse(path, fmt::format("tensor \"{}\" has no list \"{}\"", name, key), "its place in the file is not known without");
    }
    std::vector<std::int64_t> result;
    for (const nlohmann::json& value : *found) {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
            refuse(path, fmt::format("tensor \"{}\" has \"{}\" with {}", name, key, value.dump()), "whole numbers from 0 are allowed");
        }
        result.push_back(value.get<std::int64_t>());
    }
    return result;
}

Extent extent_of(const std::string& path, const std::string& name, const nlohmann::json& fields, std::uint64_t data_bytes) {
    const auto offsets = numbers(path, name, fields, "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) {
        refuse(path, fmt::format("tensor \"{}\" has no valid data_offsets", name), "they are the first byte and the one after the last");
    }
    const Extent extent{static_cast<std::uint64_t>(offsets[0]), static_cast<std::uint64_t>(offsets[1]), name};
    if (extent.end > data_bytes) {
        refuse(path, fmt::format("tensor \"{}\" ends at byte {} of {} bytes of data", name, extent.end, data_bytes),
               "the file is truncated or its header is out of range");
    }
    return extent;
}

/// The format has every byte of data in exactly one tensor.
void check_cover(const std::string& path, std::vector<Extent> extents, std::uint64_t data_bytes) {
    std::sort(extents.begin(), extents.end(),
              [](const Extent& a, const Extent& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
    std::uint64_t reached = 0;
    for (const Extent& extent : extents) {
        if (extent.begin < reached)
            refuse(path, fmt::format("tensor \"{}\" overlaps another", extent.name), "each byte belongs to one tensor");
        if (extent.begin > reached) refuse(path, fmt::format("has a hole before tensor \"{}\"", extent.name), "the format allows none");
        reached = extent.end;
    }
    if (reached != data_bytes) {
        refuse(path, fmt::format("has {} bytes after its last tensor", data_bytes - reached), "the format allows none");
    }
}

SafetensorsMetadata texts_of(const nlohmann::json& fields) {
    SafetensorsMetadata texts;
    for (const auto& [name, value] : fields.items()) {
        if (value.is_string()) texts.emplace(name, value.get<std::string>());
    }
    return texts;
}

StoredTensor described(const std::string& path, const nlohmann::json& fields, const Extent& extent, StoredType type) {
    StoredTensor tensor{.name = extent.name, .type = type, .shape = numbers(path, extent.name, fields, "shape")};
    const auto bytes = checked_bytes(tensor.shape, bytes_of(type));
    if (!bytes || *bytes != extent.end - extent.begin) {
        refuse(path, fmt::format("tensor \"{}\" has {} bytes", extent.name, extent.end - extent.begin),
               "its shape and dtype ask for another number");
    }
    return tensor;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path, std::size_t number) : file_(path) {
    const std::uint64_t header = header_length(file_);
    const std::uint64_t data_begin = length_bytes + header, data_bytes = file_.size() - data_begin;
    const nlohmann::json document = parse_strict_json(path, header_text(file_, header));
    std::vector<Extent> extents;
    for (const auto& [name, fields] : document.items()) {
        if (name == "__metadata__") {
            metadata_ = texts_of(fields);
            continue;
        }
        if (!fields.is_object() || !fields.contains("dtype") || !fields["dtype"].is_string()) {
            refuse(path, fmt::format("tensor \"{}\" has no dtype", name), "its bytes cannot be understood without");
        }
        extents.push_back(extent_of(path, name, fields, data_bytes));
        const auto type = readable_types.find(fields["dtype"].get<std::string>());
        if (type == readable_types.end()) {
            listing_.unreadable.push_back(name);
            continue;
        }
        StoredTensor tensor = described(path, fields, extents.back(), type->second);
        tensor.file = number;
        tensor.location = data_begin + extents.back().begin;
        listing_.tensors.push_back(std::move(tensor));
    }
    check_cover(path, std::move(extents), data_bytes);
}

}  // namespace layersweep
