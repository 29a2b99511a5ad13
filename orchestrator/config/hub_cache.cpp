#include "orchestrator/config/hub_cache.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

fs::path cache_folder() {
    if (const auto cache = environment("HF_HUB_CACHE"); !cache.empty()) return cache;
    if (const auto home = environment("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
    return fs::path(environment("HOME")) / ".cache" / "huggingface" / "hub";
}

bool is_part(const std::string& text) {
    const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
    return !text.empty() && text[0] != '.' && std::ranges::all_of(text, allowed);
}

/// "org/name" or "name" as the cache's folder name.
std::string folder_name(const std::string& repository, const SourcePlace& place) {
    const std::size_t slash = repository.find('/');
    const std::string name = slash == std::string::npos ? repository : repository.substr(slash + 1);
    if (!is_part(name) || (slash != std::string::npos && !is_part(repository.substr(0, slash)))) {
        throw ConfigError(place.text(), fmt::format("'{}' is no name of a hub repository", repository),
                          "it is 'organisation/name', such as facebook/opt-125m", "correct it, or use 'path:' for a folder");
    }
    return slash == std::string::npos ? "models--" + name : "models--" + repository.substr(0, slash) + "--" + name;
}

}  // namespace

std::string find_in_hub_cache(const std::string& repository, const SourcePlace& place) {
    const fs::path folder = cache_folder() / folder_name(repository, place);
    const auto missing = [&](const std::string& what) {
        return ConfigError(place.text(), fmt::format("{} is not in the local hub cache: {}", repository, what),
                           "models are never downloaded by layersweep",
                           fmt::format("fetch it first (hf download {}), set HF_HOME, or use 'path:' for a folder", repository));
    };
    std::ifstream ref(folder / "refs" / "main");
    std::string revision;
    if (!(ref >> revision)) throw missing(fmt::format("no {}", (folder / "refs" / "main").string()));
    const fs::path snapshot = folder / "snapshots" / revision;
    std::error_code error;
    if (!is_part(revision) || !fs::is_directory(snapshot, error)) throw missing(fmt::format("no folder {}", snapshot.string()));
    return fs::weakly_canonical(snapshot).string();
}

}  // namespace layersweep
