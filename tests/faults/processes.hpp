#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orchestrator/ledger/process_identity.hpp"
#include "tests/support/program.hpp"

namespace layersweep::test {

/// A living process of one sweep of a test, told by a variable in its environment that no other has.
struct SweepProcess {
    pid_t pid = 0;
    std::optional<int> rank;  ///< nullopt: the launcher or mpirun
};

inline constexpr const char* mark_variable = "LAYERSWEEP_TEST_MARK";

inline std::vector<SweepProcess> processes_of(const std::string& mark) {
    const auto value_of = [](const std::string& environment, const std::string& name) -> std::optional<std::string> {
        const auto at = ('\0' + environment).find('\0' + name + '=');
        if (at == std::string::npos) return std::nullopt;
        return std::string(environment.c_str() + at + name.size() + 1);
    };
    std::vector<SweepProcess> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const auto environment = read_text(entry.path() / "environ");
        if (value_of(environment, mark_variable) != mark || start_time_of(std::stoll(name)) == 0) continue;
        const auto rank = value_of(environment, "OMPI_COMM_WORLD_RANK");
        found.push_back({std::stoi(name), rank ? std::optional(std::stoi(*rank)) : std::nullopt});
    }
    return found;
}

/// The process of a rank; 0 where it is gone.
inline pid_t rank_of(const std::string& mark, int rank) {
    for (const auto& process : processes_of(mark))
        if (process.rank == rank) return process.pid;
    return 0;
}

/// The launcher's only child.
inline pid_t mpirun_of(const std::string& mark, pid_t launcher) {
    for (const auto& process : processes_of(mark))
        if (!process.rank && process.pid != launcher) return process.pid;
    return 0;
}

/// Kills what is left of a sweep, and says how much that was.
inline std::size_t end_orphans(const std::string& mark) {
    const auto left = processes_of(mark);
    for (const auto& process : left) kill(process.pid, SIGKILL);
    return left.size();
}

}  // namespace layersweep::test
