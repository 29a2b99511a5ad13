#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "orchestrator/config/hub_cache.hpp"
#include "orchestrator/config/sections.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

ModelRef read_model(const YamlEntry& entry) {
    const YamlMap map(entry.value, "models." + entry.key);
    map.allow_only({"path", "hub"});
    const YamlNode* path = map.find("path");
    const YamlNode* hub = map.find("hub");
    if ((path == nullptr) == (hub == nullptr)) {
        throw ConfigError(entry.place.text(), fmt::format("model '{}' needs exactly one of 'path' and 'hub'", entry.key),
                          "they say where its Hugging Face folder is", "write { path: FOLDER } or { hub: organisation/name }");
    }
    const std::string name = short_name(entry.key, entry.place, "model");
    if (path != nullptr) return {.name = name, .path = resolved_path(*path, map.name_of("path"))};
    return {.name = name, .path = find_in_hub_cache(text_of(*hub, map.name_of("hub")), hub->place)};
}

}  // namespace

std::string short_name(const std::string& text, const SourcePlace& place, const std::string& what) {
    const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '+' || c == '-'; };
    const bool good = !text.empty() && text.size() <= 100 && text[0] != '.' && text[0] != '-' && std::ranges::all_of(text, allowed);
    if (good) return text;
    throw ConfigError(place.text(), fmt::format("'{}' cannot be the name of a {}", text, what),
                      "names stand in folder names, tables and trial patterns",
                      "use letters, digits and . _ + - (at most 100, not beginning with . or -)");
}

std::string resolved_path(const YamlNode& node, const std::string& what) {
    const std::string text = text_of(node, what);
    if (text.empty()) throw ConfigError(node.place.text(), fmt::format("{} is empty", what), "it names a file or folder", "write a path");
    if (text.find('\0') != std::string::npos) {
        throw ConfigError(node.place.text(), fmt::format("{} holds a zero byte", what), "no file's name does", "remove the \\0");
    }
    if (text.starts_with("~")) {
        throw ConfigError(node.place.text(), fmt::format("{} begins with '~'", what), "only a shell knows what it means",
                          "write ${HOME} instead");
    }
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path whole = fs::absolute(fs::path(node.place.file).parent_path() / text);
    const fs::path followed = fs::weakly_canonical(whole, error);
    const fs::path path = error ? whole.lexically_normal() : followed;
    return path.has_filename() ? path.string() : path.parent_path().string();
}

void read_models(const YamlNode& node, SweepConfig& config) {
    const YamlMap models(node, "models");
    for (const auto& entry : models.entries()) config.models[entry.key] = {read_model(entry), entry.place};
    if (!config.models.empty()) return;
    throw ConfigError(node.place.text(), "'models' is empty", "the grid needs at least one model", "add NAME: { path: FOLDER }");
}

}  // namespace layersweep
