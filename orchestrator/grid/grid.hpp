#pragma once

#include <string>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/grid/catalog.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// All trials of a sweep in grid order, keys filled in.
struct Grid {
    std::string sweep;
    std::vector<Trial> trials;
    std::vector<std::string> axis_names;  ///< other axes, in file order (columns of the reports)
    std::vector<std::string> notices;     ///< merged equal trials, and so on: for people
    std::vector<double> foreseen_s;       ///< by trial, before any of them has run; their order of work. Empty: not known
};

/// Product of the axes, minus exclude, changed by override; equal trials merged with a notice; every trial checked (layers against the
/// model, batch against the gang, what this version does not train). Throws ConfigError.
[[nodiscard]] Grid expand(const SweepConfig& config, const Catalog& catalog);

/// The key: hash of the canonical JSON of the settings that define the experiment. Settings that do not apply to the mode do not enter.
[[nodiscard]] TrialKey key_of(const Trial& trial);
/// What `key_of` hashes (canonical JSON: sorted keys, shortest round-trip numbers), for people who ask why two keys differ.
[[nodiscard]] std::string key_material(const Trial& trial);

/// "model=…,dataset=…,mode=…,layers=…,seed=…" and the other axes: what `select` finds the trial by.
[[nodiscard]] std::string label_of(const Trial& trial);

/// grid.jsonl of the results folder: a header line with sweep and axis names, then one trial a line. Written aside and renamed.
void write_grid(const std::string& path, const Grid& grid);
[[nodiscard]] Grid read_grid(const std::string& path);
/// Hash of all keys in order.
[[nodiscard]] std::string grid_hash(const Grid& grid);

/// The trials that a TRIAL argument names: a key prefix, or "model=…,dataset=…,mode=…,layers=…,seed=…" (any subset, other axes too).
/// Never empty: throws ConfigError with the nearest names where nothing matches.
[[nodiscard]] std::vector<const Trial*> select(const Grid& grid, const std::string& pattern);
/// The only trial that it names, by its index. Throws ConfigError where it names several.
[[nodiscard]] std::size_t select_one(const Grid& grid, const std::string& pattern);

}  // namespace layersweep
