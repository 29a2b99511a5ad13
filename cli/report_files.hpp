#pragma once

#include <string>

#include "orchestrator/report/report.hpp"
#include "orchestrator/schedule/replayed_sweep.hpp"

namespace layersweep {

/// A report's input and the trials it points to.
class SweepReport {
public:
    explicit SweepReport(const ReplayedSweep& sweep);
    SweepReport(const SweepReport&) = delete;
    SweepReport& operator=(const SweepReport&) = delete;
    [[nodiscard]] const ReportInput& input() const { return input_; }

private:
    std::vector<Trial> as_ran_;  ///< with the gang and the threads that the ledger tells
    ReportInput input_;
};

/// The results folder that an argument names: the folder itself, or the sweep file's own. Throws ConfigError where neither is there.
[[nodiscard]] std::string existing_results(const std::string& folder_or_sweep);

}  // namespace layersweep
