#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "orchestrator/config/suggestion.hpp"
#include "orchestrator/grid/axis_point.hpp"
#include "orchestrator/grid/grid.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

using Values = std::map<std::string, std::string>;

Values values_of(const Trial& trial) {
    Values values{{"model", trial.model.name},
                  {"dataset", trial.dataset.name},
                  {"mode", std::string(name_of(trial.mode))},
                  {"layers", std::to_string(trial.layers)},
                  {"seed", std::to_string(trial.seed)}};
    values.insert(trial.other_axes.begin(), trial.other_axes.end());
    return values;
}

ConfigError no_match(const std::string& pattern, const std::string& why, const std::string& what_to_do) {
    return {"", fmt::format("no trial of this grid is meant by '{}'", pattern), why, what_to_do};
}

/// The parts between commas; commas inside brackets belong to a value.
std::vector<std::string> split(const std::string& pattern) {
    std::vector<std::string> parts(1);
    int depth = 0;
    for (const char c : pattern) {
        depth += c == '[' ? 1 : c == ']' ? -1 : 0;
        if (c == ',' && depth == 0) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

/// "1e-5" and "0.00001" name the same trial; what is no value of the setting stays as it is and finds nothing.
std::string canonical(const std::string& axis, const std::string& text) {
    try {
        return canonical_value(axis, {text, {}}, -1);
    } catch (const ConfigError&) {
        return text;
    }
}

Values parse_pattern(const std::string& pattern, const Grid& grid) {
    auto axes = trial_axes();
    axes.insert(axes.end(), grid.axis_names.begin(), grid.axis_names.end());
    Values wanted;
    for (const auto& part : split(pattern)) {
        const std::size_t equals = part.find('=');
        const std::string axis = part.substr(0, equals);
        if (equals == std::string::npos)
            throw no_match(pattern, fmt::format("'{}' is not of the form axis=value", part), "write axis=value,…");
        if (std::ranges::find(axes, axis) == axes.end()) {
            throw no_match(pattern, fmt::format("'{}' is no axis of this grid", axis), suggestion(axis, axes));
        }
        if (!wanted.emplace(axis, canonical(axis, part.substr(equals + 1))).second) {
            throw no_match(pattern, fmt::format("'{}' stands in it twice", axis), "name every axis once");
        }
    }
    return wanted;
}

[[noreturn]] void explain(const Grid& grid, const std::string& pattern, const Values& wanted) {
    for (const auto& [axis, value] : wanted) {
        std::set<std::string> known;
        for (const auto& trial : grid.trials) known.insert(values_of(trial).at(axis));
        if (known.contains(value)) continue;
        throw no_match(pattern, fmt::format("no trial has {}={}", axis, value), suggestion(value, {known.begin(), known.end()}));
    }
    throw no_match(pattern, "each of its values occurs, but not together: exclude left this out, or it was merged with an equal trial",
                   "name fewer axes; `layersweep plan` lists the trials");
}

std::vector<const Trial*> select_by_values(const Grid& grid, const std::string& pattern) {
    const Values wanted = parse_pattern(pattern, grid);
    std::vector<const Trial*> found;
    for (const auto& trial : grid.trials) {
        const Values values = values_of(trial);
        if (std::ranges::all_of(wanted, [&](const auto& want) { return values.at(want.first) == want.second; })) found.push_back(&trial);
    }
    if (found.empty()) explain(grid, pattern, wanted);
    return found;
}

std::vector<const Trial*> select_by_key(const Grid& grid, const std::string& prefix) {
    std::vector<const Trial*> found;
    for (const auto& trial : grid.trials) {
        if (!prefix.empty() && trial.key.hex.starts_with(prefix)) found.push_back(&trial);
    }
    if (!found.empty()) return found;
    throw no_match(prefix, "no trial's key begins so", "write the beginning of a key, or axis=value,…; `layersweep plan` lists the trials");
}

}  // namespace

std::vector<const Trial*> select(const Grid& grid, const std::string& pattern) {
    return pattern.find('=') == std::string::npos ? select_by_key(grid, pattern) : select_by_values(grid, pattern);
}

std::size_t select_one(const Grid& grid, const std::string& pattern) {
    const auto found = select(grid, pattern);
    if (found.size() > 1)
        throw ConfigError("", fmt::format("'{}' names {} trials", pattern, found.size()), "exactly one is wanted here",
                          "add axes (model, dataset, mode, layers, seed), or give its key as `layersweep plan` prints it");
    return static_cast<std::size_t>(found.front() - grid.trials.data());
}

}  // namespace layersweep
