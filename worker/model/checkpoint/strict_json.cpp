#include "worker/model/checkpoint/strict_json.hpp"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

constexpr std::size_t deepest = 8;
const std::string advice = "download the model again";

/// The parser's watchman: sees every key before later ones can replace earlier ones.
class KeyWatch {
public:
    explicit KeyWatch(const std::string& path) : path_(path) {}

    void see(nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
        using Event = nlohmann::json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start) {
            keys_.emplace_back();
            if (keys_.size() > deepest) throw ConfigError(path_, "its JSON is nested too deep", "no checkpoint needs that", advice);
        } else if (event == Event::object_end || event == Event::array_end) {
            keys_.pop_back();
        } else if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
            throw ConfigError(path_, fmt::format("key \"{}\" appears twice", parsed.get<std::string>()),
                              "which of the two counts is not defined", advice);
        }
    }

private:
    const std::string& path_;
    std::vector<std::set<std::string>> keys_;
};

}  // namespace

nlohmann::json parse_strict_json(const std::string& path, const std::string& text) {
    KeyWatch watch(path);
    const auto see = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
        watch.see(event, parsed);
        return true;
    };
    try {
        nlohmann::json document = nlohmann::json::parse(text, see);
        if (!document.is_object()) throw ConfigError(path, "its JSON is not an object", "names are looked up in it", advice);
        return document;
    } catch (const nlohmann::json::exception& error) {
        throw ConfigError(path, "its JSON is malformed", error.what(), advice);
    }
}

}  // namespace layersweep
