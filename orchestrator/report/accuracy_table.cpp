#include "orchestrator/report/accuracy_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace layersweep {
namespace {

std::string per_cent(double fraction) {
    return fmt::format("{:.2f}", fraction * 100);
}

template <class Value>
std::size_t rank_of(std::vector<Value>& seen, const Value& value) {
    const auto found = std::ranges::find(seen, value);
    const auto rank = static_cast<std::size_t>(found - seen.begin());
    if (found == seen.end()) seen.push_back(value);
    return rank;
}

/// A row while its cells are being collected; cells by the data set's column.
using RowId = std::tuple<std::size_t, std::size_t, std::int64_t>;  // model's rank, rank of the other axes' values, layers
using RowCells = std::map<std::size_t, const Cell*>;

/// Per seed the average over the data sets; empty unless all of them have the same seeds.
std::vector<double> averages_by_seed(const RowCells& cells) {
    std::vector<double> averages;
    const auto& first = cells.begin()->second->finished;
    for (std::size_t i = 0; i < first.size(); ++i) {
        double sum = 0;
        for (const auto& [column, cell] : cells) {
            if (cell->finished.size() != first.size() || cell->finished[i].seed != first[i].seed) return {};
            sum += cell->finished[i].result->accuracy;
        }
        averages.push_back(sum / static_cast<double>(cells.size()));
    }
    return averages;
}

AccuracyCell average_of(const std::vector<AccuracyCell>& cells, const RowCells& sources) {
    AccuracyCell average;
    bool missing = false;
    for (const AccuracyCell& cell : cells) {
        average.trials += cell.trials;
        average.accuracy.n += cell.accuracy.n;
        average.accuracy.mean += cell.accuracy.mean;
        missing = missing || cell.accuracy.n == 0;
    }
    average.accuracy.mean /= static_cast<double>(cells.size());
    if (missing) {
        average.accuracy = {};
    } else if (average.complete()) {
        average.accuracy.deviation = spread_of(averages_by_seed(sources)).deviation;
    }
    return average;
}

std::vector<AccuracyCell> row_cells(const RowCells& sources, std::size_t datasets) {
    std::vector<AccuracyCell> cells(datasets);
    for (const auto& [column, cell] : sources) {
        cells[column] = {.accuracy = accuracy_of(*cell), .trials = static_cast<std::int64_t>(cell->trials.size())};
    }
    cells.push_back(average_of(cells, sources));
    return cells;
}

/// Marks the best of the complete cells of rows [begin, end) in a column; equal as printed is equally good, one alone is no best.
void mark_best(std::span<AccuracyRow> rows, std::size_t column) {
    std::vector<AccuracyCell*> complete;
    for (AccuracyRow& row : rows) {
        if (row.cells[column].complete()) complete.push_back(&row.cells[column]);
    }
    if (complete.size() < 2) return;
    const auto mean = [](const AccuracyCell* cell) { return cell->accuracy.mean; };
    const double best = mean(*std::ranges::max_element(complete, {}, mean));
    for (AccuracyCell* cell : complete) cell->best = per_cent(mean(cell)) == per_cent(best);
}

void mark_best_layers(AccuracyTable& table) {
    for (auto begin = table.rows.begin(); begin != table.rows.end();) {
        const auto end = std::find_if(begin, table.rows.end(), [&](const AccuracyRow& row) {
            return row.model != begin->model || row.axis_values != begin->axis_values;
        });
        for (std::size_t column = 0; column < begin->cells.size(); ++column) mark_best({begin, end}, column);
        begin = end;
    }
}

/// Names in the order in which the grid first uses them, over all modes, so that all tables have one order.
struct Ranks {
    std::vector<std::string> models, datasets;
    std::vector<std::vector<std::string>> axis_values;
};

/// The data sets that some cell has, in rank order: one that a mode leaves out takes no part in its averages.
std::vector<std::string> datasets_of(const std::vector<const Cell*>& cells, Ranks& ranks) {
    std::set<std::size_t> used;
    for (const Cell* cell : cells) used.insert(rank_of(ranks.datasets, cell->trials.front()->dataset.name));
    std::vector<std::string> names;
    for (const auto rank : used) names.push_back(ranks.datasets[rank]);
    return names;
}

AccuracyTable table_of(Mode mode, const std::vector<const Cell*>& cells, const Grid& grid, Ranks& ranks) {
    AccuracyTable table{.mode = mode, .axis_names = grid.axis_names, .datasets = datasets_of(cells, ranks)};
    std::map<RowId, RowCells> rows;
    for (const Cell* cell : cells) {
        const Trial& trial = *cell->trials.front();
        const RowId id{rank_of(ranks.models, trial.model.name), rank_of(ranks.axis_values, axis_values(grid, trial)), trial.layers};
        rows[id][rank_of(table.datasets, trial.dataset.name)] = cell;
    }
    for (const auto& [id, sources] : rows) {
        const auto& [model, values, layers] = id;
        table.rows.push_back({ranks.models[model], ranks.axis_values[values], layers, row_cells(sources, table.datasets.size())});
    }
    mark_best_layers(table);
    return table;
}

}  // namespace

std::string AccuracyCell::text() const {
    if (accuracy.n == 0) return "–";
    std::string text = per_cent(accuracy.mean);
    if (accuracy.deviation) text += " ± " + per_cent(*accuracy.deviation);
    if (!complete()) text += fmt::format(" ({}/{})", accuracy.n, trials);
    return text;
}

std::vector<std::string> AccuracyTable::header() const {
    std::vector<std::string> titles = {"model"};
    titles.insert(titles.end(), axis_names.begin(), axis_names.end());
    titles.emplace_back("layers");
    titles.insert(titles.end(), datasets.begin(), datasets.end());
    titles.emplace_back("average");
    return titles;
}

std::vector<AccuracyTable> accuracy_tables(const ReportInput& input) {
    const auto cells = cells_of(input);
    std::vector<Mode> modes;
    std::vector<std::vector<const Cell*>> by_mode;
    Ranks ranks;
    for (const Cell& cell : cells) {
        const Trial& trial = *cell.trials.front();
        const auto mode = rank_of(modes, trial.mode);
        by_mode.resize(modes.size());
        by_mode[mode].push_back(&cell);
        rank_of(ranks.datasets, trial.dataset.name);
    }
    std::vector<AccuracyTable> tables;
    for (std::size_t i = 0; i < modes.size(); ++i) tables.push_back(table_of(modes[i], by_mode[i], *input.grid, ranks));
    return tables;
}

std::string headline(const ReportInput& input) {
    std::size_t finished = 0, set_aside = 0;
    for (const Trial& trial : input.grid->trials) {
        if (input.finished.contains(trial.key)) {
            ++finished;
        } else if (input.set_aside.contains(trial.key)) {
            ++set_aside;
        }
    }
    const auto total = input.grid->trials.size();
    std::string text = fmt::format("{} of {} trials finished", finished, total);
    if (set_aside > 0) text += fmt::format(", {} set aside", set_aside);
    if (const auto left = total - finished - set_aside; left > 0) text += fmt::format(", {} still to do", left);
    return text + ".";
}

}  // namespace layersweep
