#include "orchestrator/grid/shortcut_rules.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

bool drops_out(const Trial& trial, const ModelFacts& model) {
    return trial.training.dropout ? *trial.training.dropout > 0 : model.drops_out;
}

/// One exact shortcut: where it is set, and why it would not be exact for a trial.
struct Rule {
    const char* setting;
    ShortcutChoice ShortcutSettings::*choice;
    bool Shortcuts::*use;
    const char* where;
    std::optional<std::string> (*not_for)(const Trial& trial, const ModelFacts& model);
    const char* way_out;
    /// Why it would be exact and save nothing.
    std::optional<std::string> (*useless_for)(const Trial& trial) = [](const Trial&) { return std::optional<std::string>(); };
};

std::optional<std::string> not_for_vocabulary(const Trial& trial, const ModelFacts&) {
    if (reads_whole_vocabulary(trial.mode, trial.training.loss))
        return fmt::format("the loss {} reads the whole vocabulary", name_of(trial.training.loss));
    return std::nullopt;
}

std::optional<std::string> not_for_label_position(const Trial& trial, const ModelFacts&) {
    if (trial.mode == Mode::lm && trial.training.loss == Loss::prompt) return "the loss prompt reads every position";
    return std::nullopt;
}

std::optional<std::string> not_for_shared_prefix(const Trial& trial, const ModelFacts&) {
    if (trial.mode == Mode::cls) return "cls feeds the text alone: nothing is shared";
    return std::nullopt;
}

std::optional<std::string> not_for_shared_prefix_in_training(const Trial& trial, const ModelFacts& model) {
    if (const auto why = not_for_shared_prefix(trial, model)) return why;
    if (drops_out(trial, model)) return "dropout differs from row to row (evaluation shares it)";
    return std::nullopt;
}

std::optional<std::string> no_demonstrations(const Trial& trial) {
    if (trial.training.demonstrations_per_class == 0) return "no demonstrations: nothing is shared";
    return std::nullopt;
}

std::optional<std::string> no_company(const Trial& trial) {
    if (const auto why = no_demonstrations(trial)) return why;
    if (trial.training.batch <= trial.resources.gang) return "one row per step and worker: nothing is shared";
    return std::nullopt;
}

std::optional<std::string> why_off(const Rule& rule, const Trial& trial, const ModelFacts& model) {
    const auto why_not = rule.not_for(trial, model);
    return why_not ? why_not : rule.useless_for(trial);
}

const std::array<Rule, 4>& rules() {
    using C = ShortcutSettings;
    using S = Shortcuts;
    static const std::array<Rule, 4> all{{
        {"vocabulary", &C::vocabulary, &S::vocabulary, "", not_for_vocabulary, "vocabulary: auto, or loss: label-words"},
        {"label_position", &C::label_position, &S::label_position, "", not_for_label_position, "label_position: auto, or another loss"},
        {"shared_prefix", &C::shared_prefix, &S::shared_prefix, " in evaluation", not_for_shared_prefix, "shared_prefix: auto",
         no_demonstrations},
        {"shared_prefix", &C::shared_prefix, &S::shared_prefix_in_training, " in training", not_for_shared_prefix_in_training,
         "shared_prefix: auto (then evaluation alone shares it), or dropout: 0", no_company},
    }};
    return all;
}

}  // namespace

Shortcuts shortcuts_of(const AxisPoint& point, const SweepConfig& config) {
    Shortcuts shortcuts;
    for (const Rule& rule : rules()) {
        const auto choice = config.shortcuts.*rule.choice;
        const auto why_not = rule.not_for(point.trial, *point.model);
        if (why_not && choice == ShortcutChoice::on) {
            const auto place = config.setting_places.find(rule.setting);
            throw ConfigError((place == config.setting_places.end() ? config.place : place->second).text(),
                              fmt::format("shortcuts.{} is on, but is not exact for a trial", rule.setting),
                              fmt::format("{}; the trial is {}", *why_not, label_of(point.trial)), rule.way_out);
        }
        shortcuts.*rule.use = choice != ShortcutChoice::off && !why_off(rule, point.trial, *point.model);
    }
    return shortcuts;
}

std::vector<std::string> shortcut_lines(const SweepConfig& config, const Grid& grid, const Catalog& catalog) {
    std::vector<std::string> lines;
    for (const Rule& rule : rules()) {
        const auto name = fmt::format("{}{}", rule.setting, rule.where);
        if (config.shortcuts.*rule.choice == ShortcutChoice::off) {
            lines.push_back(name + ": off, as the sweep file says");
            continue;
        }
        std::map<std::string, std::size_t> reasons;
        std::size_t on = 0;
        for (const Trial& trial : grid.trials) {
            const auto why = why_off(rule, trial, catalog.models.at(trial.model.name));
            why ? ++reasons[*why] : ++on;
        }
        auto line = on == grid.trials.size() ? name + ": on" : fmt::format("{}: on for {} of {} trials", name, on, grid.trials.size());
        for (const auto& [why, trials] : reasons) line += fmt::format("; not for {}: {}", trials, why);
        lines.push_back(line);
    }
    return lines;
}

}  // namespace layersweep
