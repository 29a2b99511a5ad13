#pragma once

#include <cstdint>
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
    /// Refuses the model unless the flag is `wanted`; `absent` is what a missing key means.
    void refuse_unless(const char* key, bool wanted, bool absent) const;
    [[noreturn]] void refuse(const std::string& key, const std::string& value, const std::string& supported) const;

private:
    [[noreturn]] void malformed(const std::string& key, const std::string& wanted) const;

    std::string file_;
    nlohmann::json json_;
};

}  // namespace layersweep
