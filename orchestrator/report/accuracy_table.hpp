#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orchestrator/report/cells.hpp"

namespace layersweep {

/// One place of an accuracy table: a data set's, or the average over all of the row's data sets.
struct AccuracyCell {
    Spread accuracy;          ///< fractions; n is 0 where the cell is missing
    std::int64_t trials = 0;  ///< that the grid has here
    bool best = false;        ///< the best layer count of its model (and other axes' values) in its column, among complete cells

    [[nodiscard]] bool complete() const { return accuracy.n > 0 && accuracy.n == trials; }
    /// Per cent: "81.20", "81.20 ± 1.03", "81.20 (1/5)" where seeds are missing, "–" where all are.
    [[nodiscard]] std::string text() const;
};

struct AccuracyRow {
    std::string model;
    std::vector<std::string> axis_values;
    std::int64_t layers = 0;
    std::vector<AccuracyCell> cells;  ///< one per data set, then the average, which is missing if one of the data sets is
};

/// Accuracy by model and layer count (rows) and data set (columns) for one mode, as the paper prints it.
struct AccuracyTable {
    Mode mode = Mode::lm;
    std::vector<std::string> axis_names;
    std::vector<std::string> datasets;
    std::vector<AccuracyRow> rows;  ///< models and other axes' values as the grid first names them, layer counts rising

    /// Column titles: model, other axes, layers, data sets, average.
    [[nodiscard]] std::vector<std::string> header() const;
    /// Columns in front of the data sets'.
    [[nodiscard]] std::size_t leading_columns() const { return axis_names.size() + 2; }
};

/// One table per mode of the grid, in the order in which the grid first names them.
[[nodiscard]] std::vector<AccuracyTable> accuracy_tables(const ReportInput& input);

/// How many of how many trials finished, as a sentence.
[[nodiscard]] std::string headline(const ReportInput& input);

}  // namespace layersweep
