#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace layersweep {

/// A config.json whose every mistake is told with the file's name and the key's.
class ConfigReader {
public:
    explicit ConfigReader(const std::string& folder);

    [[nodiscard]] const nlohmann::json& json() const { return json_; }
    [[nodiscard]] std::int64_t count(const char* key) const;                          ///< a positive whole number, required
    [[nodiscard]] std::int64_t count_or(const char* key, std::int64_t absent) const;  ///< absent or null: `absent`
    [[nodiscard]] double number(const char* key, double absent) const;
    [[nodiscard]] double rate(const char* key, double absent) const;  ///< in [0, 1)
    [[nodiscard]] std::string text(const char* key, const std::string& absent) const;
    [[nodiscard]] bool flag(const char* key, bool absent) const;
    /// A token's id below `vocabulary`; -1 where the key is null.
    [[nodiscard]] std::int64_t token_or_none(const char* key, std::int64_t absent, std::int64_t vocabulary) const;
    /// An object inside; nullopt where it is absent or null.
    [[nodiscard]] std::optional<ConfigReader> section(const char* key) const;
    /// Refuses the model unless the flag is `wanted`; `absent` is what a missing key means.
    void refuse_unless(const char* key, bool wanted, bool absent) const;
    [[noreturn]] void refuse(const std::string& key, const std::string& value, const std::string& supported) const;

private:
    ConfigReader(const ConfigReader& whole, const std::string& key);
    [[noreturn]] void malformed(const std::string& key, const std::string& wanted) const;

    std::string file_;
    std::string inside_;  ///< keys of the objects around, each with a dot behind
    nlohmann::json json_;
};

}  // namespace layersweep
