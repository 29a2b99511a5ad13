#include "orchestrator/config/setting_kinds.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "orchestrator/config/suggestion.hpp"
#include "protocol/errors.hpp"
#include "protocol/number_text.hpp"

namespace layersweep {
namespace {

/// Larger counts are typing errors, and products of them would overflow.
constexpr std::int64_t largest_count = 1'000'000'000;

template <class Number>
std::optional<Number> number_in(const std::string& text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

/// Numbers and words are told apart by their first character, so that a wrong number is not answered with the nearest word.
bool looks_like_number(const std::string& text) {
    return !text.empty() && text.find_first_of("0123456789-+.") == 0;
}

}  // namespace

void refuse_value(const std::string& name, const SettingValue& value, const std::string& accepts) {
    throw ConfigError(value.place.text(), fmt::format("'{}' is no value for {}", value.text, name),
                      fmt::format("{} takes {}", name, accepts), "correct the value; docs/configuration.md lists every setting");
}

void refuse_word(const std::string& name, const SettingValue& value, const std::vector<std::string>& words) {
    throw ConfigError(value.place.text(), fmt::format("'{}' is no value for {}", value.text, name),
                      fmt::format("{} takes one of {} words", name, words.size()), suggestion(value.text, words));
}

std::int64_t Whole::parse(const std::string& name, const SettingValue& value) const {
    const auto number = number_in<std::int64_t>(value.text);
    if (!number || *number < least || *number > largest_count) refuse_value(name, value, accepts());
    return *number;
}

std::string Whole::accepts() const {
    return least == 0 ? "a whole number, 0 or more" : fmt::format("a whole number of at least {}", least);
}

std::optional<std::int64_t> WholeOr::parse(const std::string& name, const SettingValue& value) const {
    if (value.text == word) return std::nullopt;
    if (!looks_like_number(value.text) && nearest_name(value.text, {word})) refuse_word(name, value, {word, "a whole number"});
    const auto number = number_in<std::int64_t>(value.text);
    if (!number || *number < least || *number > largest_count) refuse_value(name, value, accepts());
    return *number;
}

std::string WholeOr::accepts() const {
    return fmt::format("`{}`, or {}", word, Whole{least}.accepts());
}

double Real::parse(const std::string& name, const SettingValue& value) const {
    const auto number = number_in<double>(value.text);
    const bool inside =
        number && std::isfinite(*number) && *number < most && (*number > least || (*number == least && least_bound == Bound::included));
    if (!inside) refuse_value(name, value, accepts());
    return *number + 0.0;  // -0 becomes 0, so that both have one key
}

std::string Real::print(double value) const {
    return shortest(value);
}

std::string Real::accepts() const {
    const std::string lower = fmt::format("{} {}", least_bound == Bound::included ? "at least" : "greater than", print(least));
    return std::isinf(most) ? fmt::format("a number {}", lower) : fmt::format("a number {} and below {}", lower, print(most));
}

std::optional<double> RealOr::parse(const std::string& name, const SettingValue& value) const {
    if (value.text == word) return std::nullopt;
    if (!looks_like_number(value.text) && nearest_name(value.text, {word})) refuse_word(name, value, {word, "a number"});
    if (!number_in<double>(value.text)) refuse_value(name, value, accepts());
    return real.parse(name, value);
}

std::pair<double, double> RealPair::parse(const std::string& name, const SettingValue& value) const {
    const std::string& text = value.text;
    const std::size_t comma = text.find(',');
    if (text.size() < 2 || text.front() != '[' || text.back() != ']' || comma == std::string::npos) refuse_value(name, value, accepts());
    const auto trimmed = [](const std::string& part) {
        const std::size_t first = part.find_first_not_of(' ');
        return first == std::string::npos ? "" : part.substr(first, part.find_last_not_of(' ') - first + 1);
    };
    const SettingValue first{trimmed(text.substr(1, comma - 1)), value.place};
    const SettingValue second{trimmed(text.substr(comma + 1, text.size() - comma - 2)), value.place};
    return {real.parse(name, first), real.parse(name, second)};
}

std::string RealPair::print(std::pair<double, double> value) const {
    return fmt::format("[{}, {}]", real.print(value.first), real.print(value.second));
}

std::int64_t Duration::parse(const std::string& name, const SettingValue& value) const {
    const std::size_t digits = std::min(value.text.find_first_not_of("0123456789"), value.text.size());
    const std::string unit = value.text.substr(digits);
    const std::int64_t seconds = unit == "s" ? 1 : unit == "min" ? 60 : unit == "h" ? 3600 : 0;
    const auto number = number_in<std::int64_t>(value.text.substr(0, digits));
    if (!number || seconds == 0 || *number > largest_count / seconds || *number * seconds < least_s) refuse_value(name, value, accepts());
    return *number * seconds;
}

std::string Duration::accepts() const {
    const std::string least = least_s > 1 ? fmt::format(", at least {}", print(least_s)) : "";
    return "a whole number with a unit: `30s`, `10min`, `2h`" + least;
}

std::string Duration::print(std::int64_t seconds) const {
    if (seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
    if (seconds % 60 == 0) return fmt::format("{}min", seconds / 60);
    return fmt::format("{}s", seconds);
}

ShortcutChoice AutoOnOff::parse(const std::string& name, const SettingValue& value) const {
    for (const auto choice : {ShortcutChoice::automatic, ShortcutChoice::on, ShortcutChoice::off})
        if (value.text == print(choice)) return choice;
    refuse_word(name, value, {"auto", "on", "off"});
}

std::string AutoOnOff::print(ShortcutChoice value) const {
    return value == ShortcutChoice::automatic ? "auto" : value == ShortcutChoice::on ? "on" : "off";
}

std::uint64_t parse_seed(const SettingValue& value) {
    const auto seed = number_in<std::uint64_t>(value.text);
    if (!seed) refuse_value("seed", value, "a whole number from 0 to 18446744073709551615");
    return *seed;
}

std::optional<std::int64_t> parse_layers(const SettingValue& value) {
    return WholeOr{"all", 0}.parse("layers", value);
}

}  // namespace layersweep
