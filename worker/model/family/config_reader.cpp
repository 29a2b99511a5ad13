#include "worker/model/family/config_reader.hpp"

#include <fstream>
#include <iterator>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/strict_json.hpp"

namespace layersweep {

namespace {

/// Products of three such counts stay inside 64 bits.
constexpr std::int64_t largest_count = std::int64_t{1} << 20;

}  // namespace

ConfigReader::ConfigReader(const std::string& folder) : file_(folder + "/config.json") {
    std::ifstream in(file_);
    if (!in)
        throw ConfigError(file_, "cannot be read", "a model is a Hugging Face folder with a config.json",
                          "check the model's path in the sweep file");
    json_ = parse_strict_json(file_, std::string(std::istreambuf_iterator<char>(in), {}));
}

void ConfigReader::malformed(const std::string& key, const std::string& wanted) const {
    throw ConfigError(file_, "\"" + key + "\" is not " + wanted, "the model's shape follows from it", "download the file again");
}

std::int64_t ConfigReader::count(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end() || !found->is_number_integer()) malformed(key, "a whole number");
    const auto value = found->get<std::int64_t>();
    if (value <= 0 || value > largest_count) malformed(key, "a positive number of a possible size");
    return value;
}

std::int64_t ConfigReader::count_or(const char* key, std::int64_t absent) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? absent : count(key);
}

double ConfigReader::number(const char* key, double absent) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return absent;
    if (!found->is_number()) malformed(key, "a number");
    return found->get<double>();
}

double ConfigReader::rate(const char* key, double absent) const {
    const double value = number(key, absent);
    if (!(value >= 0 && value < 1)) malformed(key, "a rate in [0, 1)");
    return value;
}

std::string ConfigReader::text(const char* key, const std::string& absent) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return absent;
    if (!found->is_string()) malformed(key, "a text");
    return found->get<std::string>();
}

void ConfigReader::refuse_unless(const char* key, bool wanted, bool absent) const {
    const auto found = json_.find(key);
    bool value = absent;
    if (found != json_.end() && !found->is_null()) {
        if (!found->is_boolean()) malformed(key, "true or false");
        value = found->get<bool>();
    }
    if (value != wanted) refuse(key, value ? "true" : "false", wanted ? "true" : "false");
}

void ConfigReader::refuse(const std::string& key, const std::string& value, const std::string& supported) const {
    throw ConfigError(file_, "\"" + key + "\" is " + value, "this version supports " + supported, "use another model of the family");
}

}  // namespace layersweep
