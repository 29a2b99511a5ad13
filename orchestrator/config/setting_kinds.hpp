#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"
#include "protocol/trial.hpp"

/// What a setting's text may be: each kind parses it (ConfigError at its place), prints it in its one spelling, and says what it accepts.
namespace layersweep {

[[noreturn]] void refuse_value(const std::string& name, const SettingValue& value, const std::string& accepts);
[[noreturn]] void refuse_word(const std::string& name, const SettingValue& value, const std::vector<std::string>& words);

/// A whole number of at least `least`.
struct Whole {
    std::int64_t least = 1;
    [[nodiscard]] std::int64_t parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(std::int64_t value) const { return std::to_string(value); }
    [[nodiscard]] std::string accepts() const;
};

/// A whole number, or one word for "none".
struct WholeOr {
    const char* word;
    std::int64_t least = 1;
    [[nodiscard]] std::optional<std::int64_t> parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(std::optional<std::int64_t> value) const { return value ? std::to_string(*value) : word; }
    [[nodiscard]] std::string accepts() const;
};

enum class Bound { included, excluded };

/// A finite number between `least` and `most`; printed in the shortest form that reads back as the same double.
struct Real {
    double least = 0;
    Bound least_bound = Bound::included;
    double most = std::numeric_limits<double>::infinity();  ///< always excluded
    [[nodiscard]] double parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(double value) const;
    [[nodiscard]] std::string accepts() const;
};

struct RealOr {
    const char* word;
    Real real;
    [[nodiscard]] std::optional<double> parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(std::optional<double> value) const { return value ? real.print(*value) : word; }
    [[nodiscard]] std::string accepts() const { return std::string("`") + word + "`, or " + real.accepts(); }
};

/// Two numbers, "[a, b]".
struct RealPair {
    Real real;
    [[nodiscard]] std::pair<double, double> parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(std::pair<double, double> value) const;
    [[nodiscard]] std::string accepts() const { return "a list of two: " + real.accepts(); }
};

/// Seconds, written as a whole number with the unit s, min or h.
struct Duration {
    std::int64_t least_s = 1;
    [[nodiscard]] std::int64_t parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(std::int64_t seconds) const;
    [[nodiscard]] std::string accepts() const;
};

/// `auto`, `on` or `off`.
struct AutoOnOff {
    [[nodiscard]] ShortcutChoice parse(const std::string& name, const SettingValue& value) const;
    [[nodiscard]] std::string print(ShortcutChoice value) const;
    [[nodiscard]] std::string accepts() const { return "`auto`, `on`, `off`"; }
};

/// One of an enum's names.
template <class Enum>
struct Choice {
    [[nodiscard]] Enum parse(const std::string& name, const SettingValue& value) const {
        if (const auto parsed = layersweep::parse<Enum>(value.text)) return *parsed;
        refuse_word(name, value, words());
    }
    [[nodiscard]] std::string print(Enum value) const { return std::string(name_of(value)); }
    [[nodiscard]] std::string accepts() const {
        std::string text;
        for (const auto& word : words()) text += (text.empty() ? "`" : ", `") + word + "`";
        return text;
    }
    [[nodiscard]] static std::vector<std::string> words() {
        const auto all = names<Enum>();
        return {all.begin(), all.end()};
    }
};

/// The seed of a trial: 0 to 2^64 - 1.
[[nodiscard]] std::uint64_t parse_seed(const SettingValue& value);
/// The layers of a trial; nullopt for "all".
[[nodiscard]] std::optional<std::int64_t> parse_layers(const SettingValue& value);

}  // namespace layersweep
