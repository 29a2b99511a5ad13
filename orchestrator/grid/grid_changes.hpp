#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "orchestrator/grid/grid.hpp"

namespace layersweep {

/// What an edited sweep file changed. A trial is its key: what stays keeps its results.
struct GridChanges {
    std::vector<std::size_t> staying, added;  ///< indices into the new grid
    std::vector<std::size_t> gone;            ///< indices into the old one
    /// Why trials of the same name are new ones, most trials first: "model tiny (/m/tiny) is not the one of the earlier results: 24 trials
    /// are new", "learning_rate is 0.001, it was 5e-05: 24 trials are new".
    std::vector<std::string> reasons;

    [[nodiscard]] bool any() const { return !added.empty() || !gone.empty(); }
};

[[nodiscard]] GridChanges grid_changes(const Grid& old_grid, const Grid& new_grid);

/// "12 trials stay (9 with results), 4 are new, 2 are gone (their results stay in the ledger)".
[[nodiscard]] std::string counts_text(const GridChanges& changes, std::size_t staying_with_results);

}  // namespace layersweep
