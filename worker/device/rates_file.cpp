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

/// Empty where there is no such folder.
std::string file_of(const std::string& machine) {
    const auto folder = cache_folder();
    return folder.empty() ? folder : folder + "/rates-" + hash64(machine) + ".json";
}

}  // namespace

std::optional<MachineRates> read_rates(const std::string& machine) {
    try {
        std::ifstream file(file_of(machine));
        if (!file) return std::nullopt;
        const auto json = nlohmann::json::parse(file);
        auto rates = json.at("rates").get<MachineRates>();
        if (json.at("machine") != machine || !rates.known()) return std::nullopt;
        return rates;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void keep_rates(const std::string& machine, const MachineRates& rates) {
    try {
        if (file_of(machine).empty()) return;
        std::filesystem::create_directories(cache_folder());
        replace_file(file_of(machine), nlohmann::json{{"machine", machine}, {"rates", rates}}.dump(2) + '\n');
    } catch (const std::exception&) {
    }
}

}  // namespace layersweep
