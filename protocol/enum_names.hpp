#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/errors.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// The spellings of an enum in declaration order; specialised next to the enum's definitions. Included by trial.cpp and result.cpp only.
template <class Enum>
struct EnumNames;

template <class Enum>
std::string_view spelling(Enum value) {
    const auto index = static_cast<std::size_t>(value);
    LAYERSWEEP_CHECK(index < EnumNames<Enum>::values.size(), "an enum holds a value that it does not have");
    return EnumNames<Enum>::values[index];
}

template <class Enum>
std::optional<Enum> parse(std::string_view name) {
    const auto& values = EnumNames<Enum>::values;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] == name) return static_cast<Enum>(i);
    }
    return std::nullopt;
}

template <class Enum>
std::vector<std::string_view> names() {
    return {EnumNames<Enum>::values.begin(), EnumNames<Enum>::values.end()};
}

}  // namespace layersweep
