#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/errors.hpp"
#include "protocol/messages.hpp"

namespace layersweep {

/// Whether files of an older version may lack a field, so that its default stands.
enum class Presence { always, since_later };

/// A struct's field under its name in JSON.
template <class Owner, class Value>
struct Field {
    const char* name;
    Value Owner::*member;
    Presence presence = Presence::always;
};
// Clang before 17 does not find these by itself.
template <class Owner, class Value>
Field(const char*, Value Owner::*) -> Field<Owner, Value>;
template <class Owner, class Value>
Field(const char*, Value Owner::*, Presence) -> Field<Owner, Value>;

/// The fields of a struct, listed once for writing and reading. Specialised in schemas.hpp.
template <class T>
struct Schema;

template <class T>
concept HasSchema = requires {
    Schema<T>::fields;
};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

[[noreturn]] void malformed(const std::string& what);

template <class T>
nlohmann::json write_json(const T& value);
template <class T>
void read_json(const nlohmann::json& json, T& value);

// Before the templates that call them: lookup of std and built-in types ends at the definition.
inline nlohmann::json write_json(const TrialKey& key) {
    return key.hex;
}
inline nlohmann::json write_json(const WorkerId& worker) {
    return worker.rank;
}
nlohmann::json write_json(const Prediction& prediction);
nlohmann::json write_json(const std::pair<std::string, std::string>& pair);
void read_json(const nlohmann::json& json, TrialKey& key);
void read_json(const nlohmann::json& json, WorkerId& worker);
void read_json(const nlohmann::json& json, Prediction& prediction);
void read_json(const nlohmann::json& json, std::pair<std::string, std::string>& pair);
void read_json(const nlohmann::json& json, std::string& text);
void read_json(const nlohmann::json& json, bool& value);

nlohmann::json write_number(double value);
double read_number(const nlohmann::json& json);

template <class T>
void write_fields(nlohmann::json& json, const T& value) {
    std::apply([&](const auto&... field) { ((json[field.name] = write_json(value.*field.member)), ...); }, Schema<T>::fields);
}

template <class T>
void read_member(const nlohmann::json& json, const char* name, T& value, Presence presence = Presence::always) {
    if (!json.is_object()) malformed(std::string("no object where one with '") + name + "' should be");
    const auto found = json.find(name);
    if (found != json.end())
        read_json(*found, value);
    else if (presence == Presence::always)
        malformed(std::string("'") + name + "' is missing");
}

template <class T>
void read_fields(const nlohmann::json& json, T& value) {
    std::apply([&](const auto&... field) { (read_member(json, field.name, value.*field.member, field.presence), ...); }, Schema<T>::fields);
}

template <class T>
nlohmann::json write_json(const T& value) {
    if constexpr (HasSchema<T>) {
        nlohmann::json json = nlohmann::json::object();
        write_fields(json, value);
        return json;
    } else if constexpr (std::is_enum_v<T>) {
        return std::string(name_of(value));
    } else if constexpr (std::floating_point<T>) {
        return write_number(value);
    } else if constexpr (IsOptional<T>::value) {
        return value ? write_json(*value) : nlohmann::json(nullptr);
    } else if constexpr (IsVector<T>::value) {
        nlohmann::json json = nlohmann::json::array();
        for (const auto& element : value) json.push_back(write_json(element));
        return json;
    } else {
        return value;
    }
}

template <std::integral T>
T read_integer(const nlohmann::json& json) {
    if (json.is_number_unsigned()) {
        const auto number = json.get<std::uint64_t>();
        if (std::in_range<T>(number)) return static_cast<T>(number);
    } else if (json.is_number_integer()) {
        const auto number = json.get<std::int64_t>();
        if (std::in_range<T>(number)) return static_cast<T>(number);
    }
    malformed("no whole number of the right size");
}

template <class T>
void read_json(const nlohmann::json& json, T& value) {
    if constexpr (HasSchema<T>) {
        read_fields(json, value);
    } else if constexpr (std::is_enum_v<T>) {
        std::string name;
        read_json(json, name);
        const auto parsed = parse<T>(name);
        if (!parsed) malformed("'" + name + "' is none of the names that may stand here");
        value = *parsed;
    } else if constexpr (std::floating_point<T>) {
        value = read_number(json);
    } else if constexpr (IsOptional<T>::value) {
        value.reset();
        if (!json.is_null()) read_json(json, value.emplace());
    } else if constexpr (IsVector<T>::value) {
        if (!json.is_array()) malformed("no array where one should be");
        value = T(json.size());
        for (std::size_t i = 0; i < json.size(); ++i) read_json(json[i], value[i]);
    } else {
        value = read_integer<T>(json);
    }
}

}  // namespace layersweep
