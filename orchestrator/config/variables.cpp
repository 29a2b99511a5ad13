#include "orchestrator/config/variables.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

bool is_variable_name(const std::string& name) {
    const auto part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 && std::ranges::all_of(name, part);
}

/// The value of what stands between the braces.
std::string value_of(const std::string& inside, const SourcePlace& place) {
    const std::size_t separator = inside.find(":-");
    const std::string name = inside.substr(0, separator);
    if (!is_variable_name(name) || inside.find("${") != std::string::npos) {
        throw ConfigError(place.text(), fmt::format("'${{{}}}' is no variable", inside),
                          "between the braces stands a name, or a name, ':-' and a plain default",
                          "write ${NAME} or ${NAME:-default}; for a literal '${' write '$${'");
    }
    const char* value = std::getenv(name.c_str());
    if (separator != std::string::npos) return value != nullptr && *value != '\0' ? value : inside.substr(separator + 2);
    if (value != nullptr) return value;
    throw ConfigError(place.text(), fmt::format("the environment variable {} is not set", name), "this value is made from it",
                      fmt::format("export {0}=…, or give a default: ${{{0}:-…}}", name));
}

}  // namespace

std::string expand_variables(const std::string& text, const SourcePlace& place) {
    std::string out;
    std::size_t at = 0;
    while (true) {
        const std::size_t start = text.find("${", at);
        if (start == std::string::npos) return out + text.substr(at);
        if (start > at && text[start - 1] == '$') {
            out += text.substr(at, start - at - 1) + "${";
            at = start + 2;
            continue;
        }
        const std::size_t end = text.find('}', start);
        if (end == std::string::npos) {
            throw ConfigError(place.text(), "'${' without '}'", "it begins a variable of the environment",
                              "close the brace; for a literal '${' write '$${'");
        }
        out += text.substr(at, start - at) + value_of(text.substr(start + 2, end - start - 2), place);
        at = end + 1;
    }
}

std::string protect_variables(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.compare(i, 2, "${") == 0) out += '$';
        out += text[i];
    }
    return out;
}

}  // namespace layersweep
