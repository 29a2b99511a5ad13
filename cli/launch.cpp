#include "cli/launch.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

constexpr int grace_before_kill_s = 10;
// Longer than the ranks wait for each other at their end.
constexpr int grace_without_coordinator_s = 45;

std::vector<std::string> mpirun_command(std::int64_t workers, const std::vector<std::string>& arguments) {
    std::vector<std::string> command{LAYERSWEEP_OPENMPI_PREFIX "/bin/mpirun",
                                     "--with-ft",
                                     "ulfm",
                                     "--bind-to",
                                     "none",
                                     "--map-by",
                                     ":OVERSUBSCRIBE",
                                     "-n",
                                     std::to_string(workers + 1),
                                     std::filesystem::read_symlink("/proc/self/exe").string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

/// The child's side of fork: only calls that are safe there.
[[noreturn]] void become(const std::vector<char*>& argv, const sigset_t& old_mask, pid_t launcher) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != launcher) _exit(70);  // it died in between
    signal(SIGUSR1, SIG_IGN);
    const int null = open("/dev/null", O_RDONLY);
    if (null >= 0) dup2(null, STDIN_FILENO);
    sigprocmask(SIG_SETMASK, &old_mask, nullptr);
    execv(argv.front(), argv.data());
    constexpr char message[] = "layersweep: mpirun cannot be started (is .deps/openmpi there?)\n";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(127);
}

/// Blocks the signals that the launcher waits for, as long as it lives.
class BlockedSignals {
public:
    BlockedSignals() {
        sigemptyset(&set_);
        for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD}) sigaddset(&set_, number);
        sigprocmask(SIG_BLOCK, &set_, &old_);
    }
    ~BlockedSignals() { sigprocmask(SIG_SETMASK, &old_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    [[nodiscard]] const sigset_t& old() const { return old_; }
    /// 0 when nothing came within the time.
    [[nodiscard]] int next(int milliseconds) const {
        const timespec timeout{milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
        const int number = sigtimedwait(&set_, nullptr, &timeout);
        return number > 0 ? number : 0;
    }

private:
    sigset_t set_{}, old_{};
};

void end_group(pid_t group, const BlockedSignals& signals) {
    kill(-group, SIGTERM);
    for (int waited = 0; waited < grace_before_kill_s * 10; ++waited) {
        if (waitpid(group, nullptr, WNOHANG) == group) return;
        (void)signals.next(100);
    }
    kill(-group, SIGKILL);
    waitpid(group, nullptr, 0);
}

}  // namespace

bool started_as_rank() {
    if (std::getenv("OMPI_COMM_WORLD_RANK")) return true;
    const char* told = std::getenv("SLURM_STEP_NUM_TASKS");
    const int tasks = told ? std::atoi(told) : 0;
    if (std::getenv("PMIX_RANK")) return tasks != 1;  // one task: an interactive shell under srun
    if (tasks > 1)
        throw ConfigError("", "srun started this as one of " + std::to_string(tasks) + " tasks without PMIx",
                          "each would start a sweep of its own", "use srun --mpi=pmix, or start `layersweep run` once");
    return false;
}

LaunchEnd launch_ranks(std::int64_t workers, const std::vector<std::string>& arguments,
                       const std::function<CoordinatorState()>& coordinator) {
    for (const char* name :
         {"PMIX_RANK", "PMIX_NAMESPACE", "PMIX_SERVER_URI41", "PMIX_SERVER_URI4", "PMIX_SERVER_URI3", "PMIX_SERVER_URI2"})
        unsetenv(name);  // of a step that this process is a task of: mpirun makes its own
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    auto command = mpirun_command(workers, arguments);
    std::vector<char*> argv;
    for (auto& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);

    std::fflush(nullptr);
    const BlockedSignals signals;
    const pid_t launcher = getpid(), child = fork();
    if (child < 0) throw MachineError("cannot start mpirun: fork failed");
    if (child == 0) become(argv, signals.old(), launcher);

    int interrupts = 0, gone_s = 0;
    bool stops = false;
    while (true) {
        const int number = signals.next(1000);
        if (waitpid(child, nullptr, WNOHANG) == child) return LaunchEnd::ranks_left;
        // Its own waking seconds: a launcher that was stopped for an hour has not looked either.
        const auto state = coordinator();
        if (number == 0) gone_s = state == CoordinatorState::gone ? gone_s + 1 : 0;
        if (gone_s >= grace_without_coordinator_s) {
            std::fputs("layersweep: the coordinator is gone and a rank stays: ending it by force\n", stderr);
            end_group(child, signals);
            return LaunchEnd::ranks_left;
        }
        if (number == SIGINT && ++interrupts > 1) {
            end_group(child, signals);
            return LaunchEnd::killed_by_user;
        }
        if (number == SIGINT || number == SIGTERM || number == SIGUSR1) {
            std::fputs("\nlayersweep: stopping; what has finished is kept, the same command goes on (Ctrl-C again: at once)\n", stderr);
            stops = true;
        }
        if (stops && state == CoordinatorState::here) kill(child, SIGUSR1);
    }
}

void tie_to_launcher() {
    signal(SIGUSR1, SIG_IGN);
    const auto launcher = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher) _exit(70);  // it died in between
}

}  // namespace layersweep
