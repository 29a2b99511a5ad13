#include "cli/host_reaper.hpp"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

#include "orchestrator/ledger/process_identity.hpp"

namespace layersweep {

namespace {

/// 0 where there is no such process.
pid_t parent_of(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; file >> word;) {
        pid_t parent = 0;
        if (word == "PPid:" && file >> parent) return parent;
    }
    return 0;
}

}  // namespace

void HostReaper::end(WorkerId, const WorkerFacts& facts) noexcept {
    try {
        // The same parent: a number that came round again belongs to somebody else.
        if (facts.host == current_process().host && facts.pid > 0 && parent_of(facts.pid) == getppid())
            kill(static_cast<pid_t>(facts.pid), SIGKILL);
    } catch (const std::exception&) {  // it stays then; it is not listened to any more
    }
}

}  // namespace layersweep
