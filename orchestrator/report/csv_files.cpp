#include "orchestrator/report/csv_files.hpp"

#include <algorithm>
#include <array>

#include "orchestrator/report/cells.hpp"
#include "orchestrator/report/csv_text.hpp"

namespace layersweep {
namespace {

using std::string_view;

constexpr std::array<string_view, 13> result_columns = {"accuracy",    "macro_f1",        "best_epoch",   "best_validation_accuracy",
                                                        "epochs",      "steps",           "train_tokens", "parameters",
                                                        "train_rows",  "validation_rows", "test_rows",    "cut_rows",
                                                        "weights_hash"};
constexpr std::array<string_view, 21> timing_columns = {
    "start_s",   "load_s",      "encode_s",   "train_s",       "forward_s",   "backward_s",     "reduce_s",
    "wait_s",    "optimizer_s", "evaluate_s", "total_s",       "predicted_s", "floor_fraction", "peak_memory_bytes",
    "shortcuts", "host",        "device",     "machine_class", "gang",        "threads",        "attempts"};
constexpr std::array<string_view, 6> summary_columns = {"n", "missing", "accuracy_mean", "accuracy_std", "macro_f1_mean", "macro_f1_std"};
constexpr std::array<string_view, 3> curve_columns = {"epoch", "train_loss", "validation_accuracy"};
constexpr std::array<string_view, 3> confusion_columns = {"label", "predicted", "count"};
constexpr std::array<string_view, 4> cell_columns = {"model", "dataset", "mode", "layers"};

/// The same name in all files: an axis gives way to a measured column of any of them.
std::string axis_column(const std::string& name) {
    const auto in = [&](const auto& columns) { return std::ranges::find(columns, string_view(name)) != columns.end(); };
    const bool taken = in(result_columns) || in(timing_columns) || in(summary_columns) || in(curve_columns) || in(confusion_columns);
    return taken ? name + "_setting" : name;
}

void axis_header(CsvText& csv, const Grid& grid) {
    for (const auto& name : grid.axis_names) csv.text(axis_column(name));
}

void trial_header(CsvText& csv, const Grid& grid, std::span<const string_view> columns) {
    csv.text("key").texts(cell_columns).text("seed");
    axis_header(csv, grid);
    csv.texts(columns).end_row();
}

void cell_fields(CsvText& csv, const Trial& trial) {
    csv.text(trial.model.name).text(trial.dataset.name).text(name_of(trial.mode)).number(trial.layers);
}

void axis_fields(CsvText& csv, const Grid& grid, const Trial& trial) {
    for (const auto& value : axis_values(grid, trial)) csv.text(value);
}

void trial_fields(CsvText& csv, const Grid& grid, const Trial& trial) {
    csv.text(trial.key.hex);
    cell_fields(csv, trial);
    csv.number(trial.seed);
    axis_fields(csv, grid, trial);
}

void spread_fields(CsvText& csv, const Spread& spread) {
    spread.n > 0 ? csv.number(spread.mean) : csv.empty();
    spread.deviation ? csv.number(*spread.deviation) : csv.empty();
}

}  // namespace

std::string results_csv(const ReportInput& input) {
    CsvText csv;
    trial_header(csv, *input.grid, result_columns);
    for_each_finished(input, [&](const Trial& trial, const FinishedTrial& finished) {
        const Result& r = *finished.result;
        trial_fields(csv, *input.grid, trial);
        csv.number(r.accuracy).number(r.macro_f1).number(r.best_epoch).number(r.best_validation_accuracy);
        csv.number(static_cast<std::int64_t>(r.curve.size())).number(r.steps).number(r.train_tokens).number(r.parameters);
        csv.number(r.train_rows).number(r.validation_rows).number(r.test_rows).number(r.cut_rows).text(r.weights_hash);
        csv.end_row();
    });
    return csv.str();
}

std::string timings_csv(const ReportInput& input) {
    CsvText csv;
    trial_header(csv, *input.grid, timing_columns);
    for_each_finished(input, [&](const Trial& trial, const FinishedTrial& finished) {
        const Timings& t = finished.result->timings;
        trial_fields(csv, *input.grid, trial);
        csv.number(t.start_s).number(t.load_s).number(t.encode_s).number(t.train_s);
        csv.number(t.forward_s).number(t.backward_s).number(t.reduce_s).number(t.wait_s).number(t.optimizer_s);
        csv.number(t.evaluate_s).number(t.total_s);
        finished.predicted_s > 0 ? csv.number(finished.predicted_s) : csv.empty();
        t.floor_fraction > 0 ? csv.number(t.floor_fraction) : csv.empty();
        csv.number(t.peak_memory_bytes).text(finished.shortcuts);
        csv.text(finished.leader.host).text(finished.leader.device).text(finished.leader.machine_class);
        csv.number(finished.gang).number(finished.threads_per_worker).number(finished.attempts);
        csv.end_row();
    });
    return csv.str();
}

std::string summary_csv(const ReportInput& input) {
    CsvText csv;
    csv.texts(cell_columns);
    axis_header(csv, *input.grid);
    csv.texts(summary_columns).end_row();
    for (const Cell& cell : cells_of(input)) {
        const Spread accuracy = accuracy_of(cell);
        cell_fields(csv, *cell.trials.front());
        axis_fields(csv, *input.grid, *cell.trials.front());
        csv.number(accuracy.n).number(static_cast<std::int64_t>(cell.trials.size()) - accuracy.n);
        spread_fields(csv, accuracy);
        spread_fields(csv, macro_f1_of(cell));
        csv.end_row();
    }
    return csv.str();
}

std::string curves_csv(const ReportInput& input) {
    CsvText csv;
    trial_header(csv, *input.grid, curve_columns);
    for_each_finished(input, [&](const Trial& trial, const FinishedTrial& finished) {
        for (const EpochRecord& epoch : finished.result->curve) {
            trial_fields(csv, *input.grid, trial);
            csv.number(epoch.epoch).number(epoch.train_loss).number(epoch.validation_accuracy).end_row();
        }
    });
    return csv.str();
}

std::string confusion_csv(const ReportInput& input) {
    CsvText csv;
    trial_header(csv, *input.grid, confusion_columns);
    for_each_finished(input, [&](const Trial& trial, const FinishedTrial& finished) {
        const auto& confusion = finished.result->confusion;
        for (std::size_t label = 0; label < confusion.size(); ++label) {
            for (std::size_t predicted = 0; predicted < confusion[label].size(); ++predicted) {
                trial_fields(csv, *input.grid, trial);
                csv.number(static_cast<std::uint64_t>(label)).number(static_cast<std::uint64_t>(predicted));
                csv.number(confusion[label][predicted]).end_row();
            }
        }
    });
    return csv.str();
}

}  // namespace layersweep
