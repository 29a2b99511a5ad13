#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "orchestrator/report/report.hpp"

namespace layersweep {

/// Mean and standard deviation of some numbers. The deviation divides by n - 1 and needs two numbers.
struct Spread {
    std::int64_t n = 0;
    double mean = 0;  ///< 0 where n is 0
    std::optional<double> deviation;
};
[[nodiscard]] Spread spread_of(std::span<const double> values);

/// What one seed of a cell gave.
struct Measured {
    std::uint64_t seed = 0;
    const Result* result = nullptr;
};

/// All trials of the grid that differ in nothing but the seed.
struct Cell {
    std::vector<const Trial*> trials;  ///< never empty, grid order
    std::vector<Measured> finished;    ///< grid order
};

/// Visits the finished trials of the grid with (const Trial&, const FinishedTrial&), in grid order.
template <class Visit>
void for_each_finished(const ReportInput& input, Visit visit) {
    for (const Trial& trial : input.grid->trials) {
        if (const auto found = input.finished.find(trial.key); found != input.finished.end()) visit(trial, found->second);
    }
}

/// The cells in the order in which the grid first names them.
[[nodiscard]] std::vector<Cell> cells_of(const ReportInput& input);
[[nodiscard]] Spread accuracy_of(const Cell& cell);
[[nodiscard]] Spread macro_f1_of(const Cell& cell);

/// A trial's values of the grid's other axes, one per name; empty where it has none.
[[nodiscard]] std::vector<std::string> axis_values(const Grid& grid, const Trial& trial);

}  // namespace layersweep
