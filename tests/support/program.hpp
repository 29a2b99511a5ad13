#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/read_text.hpp"

namespace layersweep::test {

/// What a program left behind.
struct Ended {
    int exit_code = -1;
    std::string output;  ///< stdout and stderr together
};

/// A program that runs beside the test; killed with its process group if it still runs at the end.
class Program {
public:
    Program(const std::vector<std::string>& command, const std::filesystem::path& log,
            const std::map<std::string, std::string>& environment = {})
        : log_(log) {
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) become(command, environment);
    }
    ~Program() {
        if (!ended_) {
            kill(-pid_, SIGKILL);
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const { kill(pid_, number); }
    Ended wait() {
        int status = 0;
        if (!ended_ && waitpid(pid_, &status, 0) == pid_) end(status);
        return ended_.value_or(Ended{});
    }
    /// nullopt: it still runs.
    std::optional<Ended> wait_for(std::chrono::milliseconds limit) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        for (int status = 0; !ended_; std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
            if (waitpid(pid_, &status, WNOHANG) == pid_)
                end(status);
            else if (std::chrono::steady_clock::now() > deadline)
                break;
        }
        return ended_;
    }

private:
    void end(int status) { ended_ = Ended{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(log_)}; }
    [[noreturn]] void become(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment) const {
        setpgid(0, 0);
        const int out = open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
        std::vector<char*> argv;
        for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        execv(argv.front(), argv.data());
        _exit(127);
    }

    std::filesystem::path log_;
    pid_t pid_ = -1;
    std::optional<Ended> ended_;
};

/// The program under test, as a user finds it.
inline std::string layersweep_program() {
    return LAYERSWEEP_BINARY_DIR "/layersweep";
}

inline Ended run_layersweep(std::vector<std::string> arguments, const std::filesystem::path& log,
                            const std::map<std::string, std::string>& environment = {}) {
    arguments.insert(arguments.begin(), layersweep_program());
    return Program(arguments, log, environment).wait();
}

/// Waits until `done()`; false after the limit. For what another process does.
template <class Done>
bool wait_until(Done done, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace layersweep::test
