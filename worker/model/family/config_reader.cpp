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

ConfigReader::ConfigReader(const ConfigReader& whole, const std::string& key)
    : file_(whole.file_), inside_(whole.inside_ + key + "."), json_(whole.json_.at(key)) {}

std::optional<ConfigReader> ConfigReader::section(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return std::nullopt;
    if (!found->is_object()) malformed(key, "an object");
    return ConfigReader(*this, key);
}

void ConfigReader::malformed(const std::string& key, const std::string& wanted) const {
    throw ConfigError(file_, "\"" + inside_ + key + "\" is not " + wanted, "the model's shape follows from it", "download the file again");
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

bool ConfigReader::flag(const char* key, bool absent) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return absent;
    if (!found->is_boolean()) malformed(key, "true or false");
    return found->get<bool>();
}

std::int64_t ConfigReader::token_or_none(const char* key, std::int64_t absent, std::int64_t vocabulary) const {
    const auto found = json_.find(key);
    if (found == json_.end()) return absent;
    if (found->is_null()) return -1;
    const auto id = found->is_number_integer() ? found->get<std::int64_t>() : -1;
    if (id < 0 || id >= vocabulary) refuse(key, found->dump(), "ids inside the vocabulary, null");
    return id;
}

void ConfigReader::refuse_unless(const char* key, bool wanted, bool absent) const {
    const bool value = flag(key, absent);
    if (value != wanted) refuse(key, value ? "true" : "false", wanted ? "true" : "false");
}

void ConfigReader::refuse(const std::string& key, const std::string& value, const std::string& supported) const {
    throw ConfigError(file_, "\"" + inside_ + key + "\" is " + value, "this version supports " + supported,
                      "use another model of the family");
}

}  // namespace layersweep
