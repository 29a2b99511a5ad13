#include "orchestrator/report/notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "orchestrator/report/cells.hpp"

namespace layersweep {
namespace {

using Notes = std::vector<std::string>;

/// "3 trials", "1 trial".
std::string count(std::int64_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

struct Range {
    std::int64_t low = INT64_MAX, high = INT64_MIN;
    void add(std::int64_t value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    [[nodiscard]] std::string text() const { return low == high ? std::to_string(low) : fmt::format("{} to {}", low, high); }
};

void mixed_classes(const ReportInput& input, Notes& notes) {
    std::map<Mode, std::map<std::string, std::int64_t>> classes;
    for_each_finished(input,
                      [&](const Trial& trial, const FinishedTrial& finished) { ++classes[trial.mode][finished.leader.machine_class]; });
    for (const auto& [mode, counts] : classes) {
        if (counts.size() < 2) continue;
        std::string list;
        for (const auto& [name, trials] : counts) list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", name, count(trials, "trial"));
        notes.push_back(fmt::format(
            "Mixed machine classes: the table {} was measured on {}; equal trials agree to the last digit only within one class.",
            name_of(mode), list));
    }
}

void short_of_shots(const ReportInput& input, Notes& notes) {
    struct Short {
        std::string class_name;
        Range rows;
    };
    std::map<std::tuple<std::string, std::int64_t, std::size_t>, Short> classes;
    for_each_finished(input, [&](const Trial& trial, const FinishedTrial& finished) {
        const auto& rows = finished.result->train_rows_per_class;
        for (std::size_t i = 0; trial.training.shots && i < rows.size(); ++i) {
            if (rows[i] >= *trial.training.shots) continue;
            Short& entry = classes[{trial.dataset.name, *trial.training.shots, i}];
            const auto& names = trial.dataset.classes;
            entry.class_name = i < names.size() ? names[i].word : std::to_string(i);
            entry.rows.add(rows[i]);
        }
    });
    for (const auto& [id, entry] : classes) {
        notes.push_back(fmt::format("Training rows short of shots: {}, class {}, has {} of {}.", std::get<0>(id), entry.class_name,
                                    entry.rows.text(), std::get<1>(id)));
    }
}

void cut_rows(const ReportInput& input, Notes& notes) {
    struct Cut {
        std::int64_t trials = 0;
        Range rows;
    };
    std::map<std::tuple<std::string, std::string, Mode>, Cut> cuts;
    for_each_finished(input, [&](const Trial& trial, const FinishedTrial& finished) {
        if (finished.result->cut_rows == 0) return;
        Cut& cut = cuts[{trial.dataset.name, trial.model.name, trial.mode}];
        ++cut.trials;
        cut.rows.add(finished.result->cut_rows);
    });
    for (const auto& [id, cut] : cuts) {
        notes.push_back(
            fmt::format("Cut rows: {} with {} in {}: {} per trial ({}) lost the first tokens of their text to the model's length.",
                        std::get<0>(id), std::get<1>(id), name_of(std::get<2>(id)), cut.rows.text(), count(cut.trials, "trial")));
    }
}

void set_aside(const ReportInput& input, Notes& notes) {
    for (const Trial& trial : input.grid->trials) {
        const auto found = input.set_aside.find(trial.key);
        if (found == input.set_aside.end() || input.finished.contains(trial.key)) continue;
        notes.push_back(fmt::format("Set aside: {} ({}): {}", label_of(trial), trial.key.beginning(), found->second));
    }
}

void left_out(const ReportInput& input, Notes& notes) {
    std::set<TrialKey> left;
    for (const auto& [key, finished] : input.finished) left.insert(key);
    for (const Trial& trial : input.grid->trials) left.erase(trial.key);
    if (left.empty()) return;
    notes.push_back(
        fmt::format("Left out: {} of trials that are not in this grid.", count(static_cast<std::int64_t>(left.size()), "result")));
}

}  // namespace

std::vector<std::string> report_notes(const ReportInput& input) {
    Notes notes;
    mixed_classes(input, notes);
    short_of_shots(input, notes);
    cut_rows(input, notes);
    set_aside(input, notes);
    left_out(input, notes);
    notes.insert(notes.end(), input.grid->notices.begin(), input.grid->notices.end());
    notes.insert(notes.end(), input.notes.begin(), input.notes.end());
    return notes;
}

}  // namespace layersweep
