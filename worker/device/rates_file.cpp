#include "worker/device/rates_file.hpp"

#include <exception>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "protocol/cache_folder.hpp"
#include "protocol/codec.hpp"
#include "protocol/durable_file.hpp"
#include "protocol/hash.hpp"

namespace layersweep {

namespace {

std::optional<std::filesystem::path> file_of(const std::string& machine) {
    const auto folder = cache_folder();
    return folder ? std::optional(*folder / ("rates-" + hash64(machine) + ".json")) : std::nullopt;
}

}  // namespace

std::optional<MachineRates> read_rates(const std::string& machine) {
    try {
        const auto path = file_of(machine);
        if (!path) return std::nullopt;
        std::ifstream file(*path);
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
        const auto path = file_of(machine);
        if (!path) return;
        std::filesystem::create_directories(path->parent_path());
        replace_file(*path, nlohmann::json{{"machine", machine}, {"rates", rates}}.dump(2) + '\n');
    } catch (const std::exception&) {
    }
}

}  // namespace layersweep
