#include "worker/device/rates_file.hpp"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "protocol/codec.hpp"
#include "protocol/durable_file.hpp"
#include "protocol/hash.hpp"

namespace layersweep {

namespace {

std::string cache_folder() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') return std::string(cache) + "/layersweep";
    const char* home = std::getenv("HOME");
    return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.cache/layersweep";
}

std::string file_of(const std::string& machine_class) {
    return cache_folder() + "/rates-" + hash64(machine_class) + ".json";
}

}  // namespace

std::optional<MachineRates> read_rates(const std::string& machine_class) {
    try {
        std::ifstream file(file_of(machine_class));
        if (!file) return std::nullopt;
        const auto json = nlohmann::json::parse(file);
        auto rates = json.at("rates").get<MachineRates>();
        if (json.at("machine_class") != machine_class || !rates.known()) return std::nullopt;
        return rates;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void keep_rates(const std::string& machine_class, const MachineRates& rates) {
    try {
        if (cache_folder().empty()) return;
        std::filesystem::create_directories(cache_folder());
        replace_file(file_of(machine_class), nlohmann::json{{"machine_class", machine_class}, {"rates", rates}}.dump(2) + '\n');
    } catch (const std::exception&) {
    }
}

}  // namespace layersweep
