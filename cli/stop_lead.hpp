#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/catalog.hpp"

namespace layersweep {

/// How long before its end a sweep has to be warned, so that all that runs can still be checkpointed.
struct StopLead {
    std::int64_t bytes = 0;  ///< of the largest checkpoints that can be due at once, one per worker
    double bytes_per_s = 0;  ///< that the results folder took in a trial; 0: it took nothing
    std::chrono::seconds lead{0};
    [[nodiscard]] std::string text() const;
};

/// Writes up to 64 MiB into the results folder, syncs and removes it. Where there is no room for that, the lead is a guess, and says so.
[[nodiscard]] StopLead measure_stop_lead(const LoadedSweep& sweep, std::int64_t workers, const std::string& results_folder);

}  // namespace layersweep
