#pragma once

#include <stdexcept>
#include <string>

namespace layersweep {

/// A mistake of the user's, found before anything starts: what is wrong (with file:line:column where there is one), why it is a
/// problem, and what to do. Ends the program with exit code 2.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    /// The message in house form: "WHERE: WHAT\n  why: WHY\n  do:  WHAT_TO_DO". `where` may be empty.
    ConfigError(const std::string& where, const std::string& what, const std::string& why, const std::string& what_to_do);
};

/// A machine that broke under us (a dead peer, a full disk, an NCCL error). Ends the program with exit code 70 where nothing can go on.
class MachineError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A disk that takes or gives nothing now; it may later.
class StorageError : public MachineError {
public:
    using MachineError::MachineError;
};

/// A broken invariant: our mistake. Exit code 70.
class InvariantError : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* condition, const char* file, int line, const std::string& message);

/// How the process ends (design: one policy for errors). Computed from the ledger, never from mpirun's return code.
enum class ExitCode : int { done = 0, user_mistake = 2, trials_set_aside = 3, machine_failed = 70, stopped_early = 75, interrupted = 130 };

}  // namespace layersweep

/// Always on, in release builds too. `message` is a std::string expression, evaluated only on failure.
#define LAYERSWEEP_CHECK(condition, message)                                                 \
    do {                                                                                     \
        if (!(condition)) ::layersweep::fail_check(#condition, __FILE__, __LINE__, message); \
    } while (false)
