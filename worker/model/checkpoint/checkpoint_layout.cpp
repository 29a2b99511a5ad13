#include "worker/model/checkpoint/checkpoint_layout.hpp"

#include <array>
#include <filesystem>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/byte_file.hpp"
#include "worker/model/checkpoint/strict_json.hpp"

namespace layersweep {
namespace {

constexpr std::uint64_t largest_index = 100'000'000;

struct Candidate {
    const char* name;
    WeightFormat format;
};
constexpr std::array candidates = {Candidate{"model.safetensors", WeightFormat::safetensors},
                                   Candidate{"pytorch_model.bin", WeightFormat::torch}};

std::string text_of(const ByteFile& file) {
    if (file.size() > largest_index) {
        throw ConfigError(file.path(), fmt::format("has {} bytes", file.size()), "no index of shards is that large",
                          "download the model again");
    }
    std::string text(file.size(), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    return text;
}

bool is_plain_file_name(const std::string& name) {
    constexpr std::string_view separators("/\\\0", 3);
    return !name.empty() && name != "." && name != ".." && name.find_first_of(separators) == std::string::npos;
}

/// The index' "weight_map": tensor name to the name of a file beside the index.
std::map<std::string, std::string> read_weight_map(const ByteFile& index) {
    const nlohmann::json document = parse_strict_json(index.path(), text_of(index));
    const auto found = document.find("weight_map");
    if (found == document.end() || !found->is_object() || found->empty()) {
        throw ConfigError(index.path(), "has no \"weight_map\"", "it says which file holds which tensor", "download the model again");
    }
    std::map<std::string, std::string> result;
    for (const auto& [tensor, shard] : found->items()) {
        if (!shard.is_string() || !is_plain_file_name(shard.get<std::string>())) {
            throw ConfigError(index.path(), fmt::format("puts tensor \"{}\" into {}", tensor, shard.dump()),
                              "shards are plain file names beside the index", "download the model again");
        }
        result.emplace(tensor, shard.get<std::string>());
    }
    return result;
}

CheckpointLayout sharded(const std::filesystem::path& folder, const std::string& index_path, WeightFormat format) {
    const ByteFile index(index_path);
    const auto shards = read_weight_map(index);
    CheckpointLayout layout{.format = format, .index = index_path, .index_bytes = index.bytes_read()};
    std::map<std::string, std::size_t> position;
    for (const auto& [tensor, shard] : shards) position.emplace(shard, 0);
    for (auto& [shard, number] : position) {
        number = layout.weights.size();
        layout.weights.push_back((folder / shard).string());
        if (std::filesystem::exists(layout.weights.back())) continue;
        throw ConfigError(layout.weights.back(), "is missing", fmt::format("{} names it", index_path),
                          "download the model again, with all shards");
    }
    for (const auto& [tensor, shard] : shards) layout.weight_map.emplace(tensor, position.at(shard));
    return layout;
}

}  // namespace

CheckpointLayout find_layout(const std::string& folder) {
    const std::filesystem::path root(folder);
    for (const Candidate& candidate : candidates) {
        const std::string single = (root / candidate.name).string(), index = single + ".index.json";
        if (std::filesystem::exists(single)) return {.format = candidate.format, .weights = {single}};
        if (std::filesystem::exists(index)) return sharded(root, index, candidate.format);
    }
    throw ConfigError(folder, "holds no weights", "none of model.safetensors, pytorch_model.bin and their .index.json is there",
                      "give the folder of a downloaded Hugging Face model");
}

}  // namespace layersweep
