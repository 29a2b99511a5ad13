#include "cli/stop_lead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"
#include "protocol/number_bytes.hpp"

namespace layersweep {

namespace {

constexpr std::int64_t least_probe = 1 << 20, largest_probe = 64 << 20;
/// For the step that runs, the words between the ranks and the ledger's last lines.
constexpr double seconds_besides = 20;
/// Several workers write at once, and others use the same disk.
constexpr double safety = 2;
constexpr double guessed_bytes_per_s = 50e6;

/// Weights, two moments and the best weights.
std::int64_t checkpoint_bytes(const Trial& trial, const ModelFacts& model) {
    const std::int64_t number = number_bytes(trial.training.precision);
    return 4 * number * model.parameters(trial.layers);
}

std::int64_t most_bytes_at_once(const LoadedSweep& sweep, std::int64_t workers) {
    std::vector<std::int64_t> sizes;
    for (const auto& trial : sweep.grid.trials) sizes.push_back(checkpoint_bytes(trial, sweep.catalog.models.at(trial.model.name)));
    std::ranges::sort(sizes, std::ranges::greater{});
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < std::min(sizes.size(), std::size_t(workers)); ++i) bytes += sizes[i];
    return bytes;
}

double measured_bytes_per_s(std::int64_t bytes, const std::string& folder) {
    const std::string block(std::size_t(1) << 20, 'x');
    const auto start = std::chrono::steady_clock::now();
    AsideFile probe(folder + "/bandwidth");
    for (std::int64_t written = 0; written < bytes; written += std::int64_t(block.size())) probe.write(block);
    probe.sync();
    return double(bytes) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string StopLead::text() const {
    if (bytes_per_s == 0)
        return fmt::format("there is little room in the results folder; a stop may need {} s ({:.1f} MB of checkpoints)", lead.count(),
                           double(bytes) / 1e6);
    return fmt::format("a stop keeps what runs if it comes {} s ahead ({:.1f} MB of checkpoints at {:.0f} MB/s, measured)", lead.count(),
                       double(bytes) / 1e6, bytes_per_s / 1e6);
}

StopLead measure_stop_lead(const LoadedSweep& sweep, std::int64_t workers, const std::string& results_folder) {
    StopLead stop{.bytes = most_bytes_at_once(sweep, workers)};
    try {
        stop.bytes_per_s = measured_bytes_per_s(std::clamp(stop.bytes, least_probe, largest_probe), results_folder);
    } catch (const StorageError&) {  // the sweep may still find room for all that it writes
    }
    const double speed = stop.bytes_per_s > 0 ? stop.bytes_per_s : guessed_bytes_per_s;
    stop.lead = std::chrono::seconds(std::int64_t(std::ceil(seconds_besides + safety * double(stop.bytes) / speed)));
    return stop;
}

}  // namespace layersweep
