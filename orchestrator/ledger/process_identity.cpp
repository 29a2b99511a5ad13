#include "orchestrator/ledger/process_identity.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace layersweep {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string kernel_boot_id() {
    std::string id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
    return id;
}

std::int64_t number_of(const std::string& text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<std::uint64_t> start_time_of(std::int64_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    if (!std::getline(file, text, '\0') && text.empty()) {
        // Where /proc hides the processes of others, only the kernel says whether there is one.
        if (::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH) return std::nullopt;
        return 0;
    }
    const std::size_t name_end = text.rfind(')');  // the program's name may hold spaces and brackets
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(text.substr(name_end + 1));
    std::string state, skipped;
    fields >> state;
    if (state == "Z" || state == "X") return 0;  // dead, not yet waited for
    constexpr int between_state_and_start_time = 18;
    for (int i = 0; i < between_state_and_start_time; ++i) fields >> skipped;
    std::uint64_t start = 0;
    fields >> start;
    return start;
}

ProcessIdentity current_process() {
    const std::int64_t pid = ::getpid();
    return {.host = host_name(),
            .boot_id = kernel_boot_id(),
            .pid = pid,
            .start_time = start_time_of(pid).value_or(0),
            .slurm_job = environment("SLURM_JOB_ID"),
            .slurm_restart = number_of(environment("SLURM_RESTART_COUNT"))};
}

std::string text_of(const ProcessIdentity& process) {
    std::string text = fmt::format("process {} on {}", process.pid, process.host);
    if (!process.slurm_job.empty()) text += fmt::format(" (Slurm job {}, restart {})", process.slurm_job, process.slurm_restart);
    return text;
}

bool is_provably_gone(const ProcessIdentity& other, const ProcessIdentity& self, const StartTimeOf& look) {
    if (!other.slurm_job.empty() && other.slurm_job == self.slurm_job && other.slurm_restart < self.slurm_restart) return true;
    if (other.host.empty() || other.host != self.host || other.boot_id.empty() || self.boot_id.empty()) return false;
    if (other.boot_id != self.boot_id) return true;
    const auto start = look(other.pid);
    return start && *start != other.start_time;
}

}  // namespace layersweep
