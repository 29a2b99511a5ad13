#include "protocol/errors.hpp"

#include <fmt/core.h>

namespace layersweep {
namespace {

std::string house_form(const std::string& where, const std::string& what, const std::string& why, const std::string& what_to_do) {
    const std::string place = where.empty() ? "" : where + ": ";
    return fmt::format("{}{}\n  why: {}\n  do:  {}", place, what, why, what_to_do);
}

}  // namespace

ConfigError::ConfigError(const std::string& where, const std::string& what, const std::string& why, const std::string& what_to_do)
    : std::runtime_error(house_form(where, what, why, what_to_do)) {}

void fail_check(const char* condition, const char* file, int line, const std::string& message) {
    throw InvariantError(fmt::format("{}:{}: broken invariant: {} ({})", file, line, message, condition));
}

}  // namespace layersweep
