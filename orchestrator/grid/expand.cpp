#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "orchestrator/grid/axis_point.hpp"
#include "orchestrator/grid/grid.hpp"
#include "orchestrator/grid/shortcut_rules.hpp"
#include "orchestrator/grid/trial_checks.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

constexpr std::size_t largest_product = 1'000'000;

void check_size(const SweepConfig& config) {
    std::size_t product = 1;
    for (const auto& axis : config.axes) {
        if (axis.values.size() > largest_product / product) {
            throw ConfigError(axis.place.text(), fmt::format("the grid has more than {} points", largest_product),
                              "the product of all axes counts, before exclude", "split it into several sweeps, or use a zip axis");
        }
        product *= axis.values.size();
    }
}

/// Moves to the next point, the last axis fastest; false after the last one.
bool advance(std::vector<std::size_t>& indices, const SweepConfig& config) {
    for (std::size_t a = indices.size(); a-- > 0;) {
        if (++indices[a] < config.axes[a].values.size()) return true;
        indices[a] = 0;
    }
    return false;
}

/// Walks the product and collects trials; knows which rules were of use and which trials were equal.
class Expansion {
public:
    Expansion(const SweepConfig& config, const Catalog& catalog)
        : config_(config), catalog_(catalog), excluded_(config.exclude.size()), overridden_(config.overrides.size()) {}

    Grid run() {
        grid_.sweep = config_.name;
        for (const auto& axis : config_.axes) {
            std::ranges::copy_if(axis.names, std::back_inserter(grid_.axis_names), [](const auto& name) { return !is_trial_axis(name); });
        }
        std::vector<std::size_t> indices(config_.axes.size());
        do visit(axis_point(config_, catalog_, indices));
        while (advance(indices, config_));
        if (grid_.trials.empty()) {
            throw ConfigError(config_.place.text(), "exclude leaves no trial of the grid", "there would be nothing to run",
                              "remove an entry of exclude, or add values to the axes");
        }
        notice_merged();
        notice_unused();
        return std::move(grid_);
    }

private:
    void visit(AxisPoint point) {
        if (is_excluded(point)) return;
        apply_overrides(point);
        check_trial(point, config_);
        resolve_trial(point);
        point.trial.shortcuts = shortcuts_of(point, config_);
        point.trial.key = key_of(point.trial);
        const auto [first, fresh] = by_key_.emplace(point.trial.key.hex, grid_.trials.size());
        if (fresh) {
            grid_.trials.push_back(std::move(point.trial));
        } else if (merged_++ == 0) {
            example_ = fmt::format("{} is the same as {}", label_of(point.trial), label_of(grid_.trials[first->second]));
        }
    }

    bool is_excluded(const AxisPoint& point) {
        bool any = false;
        for (std::size_t i = 0; i < config_.exclude.size(); ++i) {
            if (!matches(config_.exclude[i], point)) continue;
            ++excluded_[i];
            any = true;
        }
        return any;
    }

    void apply_overrides(AxisPoint& point) {
        for (std::size_t i = 0; i < config_.overrides.size(); ++i) {
            if (!matches(config_.overrides[i].match, point)) continue;
            ++overridden_[i];
            for (const auto& [name, value] : config_.overrides[i].set) {
                LAYERSWEEP_CHECK(apply_setting(point.trial, name, value), "an override sets the unknown '" + name + "'");
                point.places[name] = value.place;
            }
        }
    }

    void notice_merged() {
        if (merged_ == 0) return;
        const char* are = merged_ == 1 ? "trial is" : "trials are";
        grid_.notices.push_back(fmt::format("{} {} equal to another in every setting that applies, and merged: {}{}", merged_, are,
                                            merged_ == 1 ? "" : "for example ", example_));
    }

    void notice_unused() {
        for (std::size_t i = 0; i < excluded_.size(); ++i) {
            if (excluded_[i] == 0) grid_.notices.push_back(config_.exclude[i].place.text() + ": this entry of exclude matches no trial");
        }
        for (std::size_t i = 0; i < overridden_.size(); ++i) {
            if (overridden_[i] > 0) continue;
            grid_.notices.push_back(config_.overrides[i].match.place.text() + ": this entry of override matches no trial");
        }
    }

    const SweepConfig& config_;
    const Catalog& catalog_;
    Grid grid_;
    std::vector<std::size_t> excluded_, overridden_;
    std::unordered_map<std::string, std::size_t> by_key_;
    std::size_t merged_ = 0;
    std::string example_;
};

}  // namespace

Grid expand(const SweepConfig& config, const Catalog& catalog) {
    check_size(config);
    return Expansion(config, catalog).run();
}

std::string label_of(const Trial& trial) {
    std::string label = fmt::format("model={},dataset={},mode={},layers={},seed={}", trial.model.name, trial.dataset.name,
                                    name_of(trial.mode), trial.layers, trial.seed);
    for (const auto& [axis, value] : trial.other_axes) label += fmt::format(",{}={}", axis, value);
    return label;
}

}  // namespace layersweep
