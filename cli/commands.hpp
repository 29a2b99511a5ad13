#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "protocol/errors.hpp"

namespace layersweep {

/// Runs a command; what it throws is printed and becomes its exit code.
ExitCode guarded(const std::function<ExitCode()>& command);

// The commands of the program, one file each. Mistakes of the user's leave as ConfigError.

struct RunOptions {
    std::string config;
    std::string results;                   ///< empty: results/<sweep>
    std::string progress = "auto";         ///< auto | terminal | plain
    std::optional<std::uint64_t> shuffle;  ///< dispatch in a shuffled order, to show that results do not depend on it
    bool take_over = false;                ///< take a sweep whose holder cannot be shown to be gone
};

ExitCode plan_command(const std::string& config);
/// Started plainly: starts the ranks and waits. Started by mpirun or srun: is the coordinator or a worker, by its rank.
ExitCode run_command(const RunOptions& options);
struct StatusOptions {
    std::string results;
    bool exit_code = false;  ///< end with the exit code that the ledger gives, for scripts
};
ExitCode status_command(const StatusOptions& options);
ExitCode report_command(const std::string& results);
/// What became of one trial, why it does not run, and all that happened to it.
ExitCode explain_command(const std::string& results, const std::string& trial);

struct RetryOptions {
    std::string results;
    std::string match;       ///< as a TRIAL of the others, but may name several; empty: all that are set aside
    bool take_over = false;  ///< as in RunOptions
};
ExitCode retry_command(const RetryOptions& options);

struct LedgerCheckOptions {
    std::string results;
    bool repair = false;
    bool take_over = false;  ///< as in RunOptions
};
ExitCode ledger_check_command(const LedgerCheckOptions& options);

struct TraceOptions {
    std::string config;
    std::string trial;
    std::string folder;                 ///< to write into
    std::optional<std::int64_t> steps;  ///< end after so many
};
ExitCode trace_command(const TraceOptions& options);

}  // namespace layersweep
