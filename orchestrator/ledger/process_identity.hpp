#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace layersweep {

/// A process, so that it can be recognised after it is gone.
struct ProcessIdentity {
    std::string host;
    std::string boot_id;  ///< of the kernel; another one means that the machine was started again
    std::int64_t pid = 0;
    std::uint64_t start_time = 0;    ///< clock ticks after boot; a pid that came round again has another one
    std::string slurm_job;           ///< empty outside Slurm
    std::int64_t slurm_restart = 0;  ///< how often Slurm started the job again
    bool operator==(const ProcessIdentity&) const = default;
};

[[nodiscard]] ProcessIdentity current_process();
/// "process 17 on n1", with the Slurm job where there is one.
[[nodiscard]] std::string text_of(const ProcessIdentity& process);

/// Start time of a process of this machine; 0 where there is none of that pid; nullopt where there is one that may not be looked at.
using StartTimeOf = std::function<std::optional<std::uint64_t>(std::int64_t pid)>;
[[nodiscard]] std::optional<std::uint64_t> start_time_of(std::int64_t pid);

/// Whether `other` can be shown to be gone from what `self` can see. False where it cannot be known.
[[nodiscard]] bool is_provably_gone(const ProcessIdentity& other, const ProcessIdentity& self, const StartTimeOf& look);

}  // namespace layersweep
