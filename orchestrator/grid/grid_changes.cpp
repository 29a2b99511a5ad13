#include "orchestrator/grid/grid_changes.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace layersweep {
namespace {

std::string trials_are(std::size_t count) {
    return count == 1 ? "1 trial is" : fmt::format("{} trials are", count);
}

/// One sentence per setting that differs; two trials of one name differ in nothing but what decides the key.
std::vector<std::string> differences(const Trial& before, const Trial& after) {
    const auto was = nlohmann::json::parse(key_material(before));
    const auto is = nlohmann::json::parse(key_material(after));
    std::vector<std::string> found;
    for (const auto& [name, value] : is.items()) {
        if (was.contains(name) && was.at(name) == value) continue;
        const auto& dataset = after.dataset;
        if (name == "model") {
            found.push_back(fmt::format("model {} ({}) is not the one of the earlier results", after.model.name, after.model.path));
        } else if (name == "dataset") {
            const auto& place = !dataset.folder.empty() || dataset.train.empty() ? dataset.folder : dataset.train.front();
            found.push_back(fmt::format("data set {} ({}) is not the one of the earlier results", dataset.name, place));
        } else if (was.contains(name)) {
            found.push_back(fmt::format("{} is {}, it was {}", name, value.dump(), was.at(name).dump()));
        }
    }
    return found;
}

using IndexByText = std::unordered_map<std::string, std::size_t>;

IndexByText indexed(const Grid& grid, std::string (*text_of)(const Trial&)) {
    IndexByText index;
    for (std::size_t i = 0; i < grid.trials.size(); ++i) index.emplace(text_of(grid.trials[i]), i);
    return index;
}

std::string key_text(const Trial& trial) {
    return trial.key.hex;
}

/// Indices into `of` of the trials that are, or are not, in `others` too.
std::pair<std::vector<std::size_t>, std::vector<std::size_t>> parted(const Grid& of, const Grid& others) {
    const auto known = indexed(others, key_text);
    std::pair<std::vector<std::size_t>, std::vector<std::size_t>> parts;
    for (std::size_t i = 0; i < of.trials.size(); ++i) (known.contains(of.trials[i].key.hex) ? parts.first : parts.second).push_back(i);
    return parts;
}

std::vector<std::string> reasons_of(const Grid& old_grid, const Grid& new_grid, const std::vector<std::size_t>& added) {
    const auto old_by_name = indexed(old_grid, label_of);
    std::map<std::string, std::size_t> counts;
    for (const std::size_t i : added) {
        const auto found = old_by_name.find(label_of(new_grid.trials[i]));
        if (found == old_by_name.end()) continue;
        for (const auto& why : differences(old_grid.trials[found->second], new_grid.trials[i])) ++counts[why];
    }
    std::vector<std::pair<std::string, std::size_t>> ordered(counts.begin(), counts.end());
    std::ranges::stable_sort(ordered, std::ranges::greater{}, &std::pair<std::string, std::size_t>::second);
    std::vector<std::string> reasons;
    for (const auto& [why, count] : ordered) reasons.push_back(fmt::format("{}: {} new", why, trials_are(count)));
    return reasons;
}

}  // namespace

GridChanges grid_changes(const Grid& old_grid, const Grid& new_grid) {
    GridChanges changes;
    std::tie(changes.staying, changes.added) = parted(new_grid, old_grid);
    changes.gone = parted(old_grid, new_grid).second;
    changes.reasons = reasons_of(old_grid, new_grid, changes.added);
    return changes;
}

std::string counts_text(const GridChanges& changes, std::size_t staying_with_results) {
    const auto are = [](std::size_t count) { return count == 1 ? "is" : "are"; };
    const std::size_t staying = changes.staying.size(), added = changes.added.size(), gone = changes.gone.size();
    std::string text = fmt::format("{} {} ({} with results)", staying, staying == 1 ? "trial stays" : "trials stay", staying_with_results);
    if (added > 0) text += fmt::format(", {} {} new", added, are(added));
    if (gone > 0) text += fmt::format(", {} {} gone (their results stay in the ledger)", gone, are(gone));
    return text;
}

}  // namespace layersweep
