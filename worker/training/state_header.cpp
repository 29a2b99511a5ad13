#include "worker/training/state_header.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "protocol/codec.hpp"
#include "protocol/errors.hpp"
#include "protocol/hash.hpp"

namespace layersweep {

namespace {

constexpr int version = 2;
const std::string text_key = "layersweep", hash_key = "layersweep_hash";

nlohmann::json json_of(const StateHeader& header) {
    nlohmann::json json{{"version", version},
                        {"trial", header.owner.trial},
                        {"gang", header.owner.gang},
                        {"machine_class", header.owner.machine_class},
                        {"shortcuts", header.owner.shortcuts},
                        {"code_version", header.owner.code_version},
                        {"result", header.result},
                        {"next_row", header.next_row},
                        {"weighted_loss", header.weighted_loss},
                        {"tensors_hash", header.tensors_hash}};
    if (header.best_file) json["best"] = {{"file", header.best_file->name}, {"hash", header.best_file->hash}};
    return json;
}

StateHeader parsed(const nlohmann::json& json) {
    if (json.at("version") != version) throw MachineError("it is of another version of the format");
    StateHeader header{
        .owner = {json.at("trial"), json.at("gang"), json.at("machine_class"), json.at("shortcuts"), json.at("code_version")},
        .result = json.at("result"),
        .next_row = json.at("next_row"),
        .weighted_loss = json.at("weighted_loss"),
        .tensors_hash = json.at("tensors_hash")};
    if (const auto best = json.find("best"); best != json.end()) header.best_file = BestFile{best->at("file"), best->at("hash")};
    return header;
}

const std::string& text_of(const SafetensorsMetadata& metadata, const std::string& key) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) throw MachineError("its header has no " + key);
    return found->second;
}

}  // namespace

std::string difference(const CheckpointOwner& theirs, const CheckpointOwner& ours) {
    if (theirs.trial != ours.trial) return "it is of another trial, " + theirs.trial;
    if (theirs.gang != ours.gang) return fmt::format("it is of a gang of {}, not {}", theirs.gang, ours.gang);
    if (theirs.code_version != ours.code_version) return "it was made by version " + theirs.code_version;
    if (theirs.shortcuts != ours.shortcuts)
        return fmt::format("it was made with the shortcuts {}, not {}", theirs.shortcuts, ours.shortcuts);
    return fmt::format("it was made on {}, not {}", theirs.machine_class, ours.machine_class);
}

SafetensorsMetadata metadata_of(const StateHeader& header) {
    const auto text = json_of(header).dump();
    return {{text_key, text}, {hash_key, hash128(text)}};
}

StateHeader header_of(const SafetensorsMetadata& metadata) {
    const auto& text = text_of(metadata, text_key);
    if (hash128(text) != text_of(metadata, hash_key)) throw MachineError("its header is damaged");
    try {
        return parsed(nlohmann::json::parse(text));
    } catch (const nlohmann::json::exception& error) {
        throw MachineError(std::string("its header is not understood: ") + error.what());
    }
}

std::uint64_t mark_of(const SafetensorsMetadata& metadata) {
    return std::stoull(text_of(metadata, hash_key).substr(0, 12), nullptr, 16) + 1;
}

}  // namespace layersweep
