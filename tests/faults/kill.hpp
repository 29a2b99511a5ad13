#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

namespace layersweep::test {

enum class Victim { launcher, mpirun, coordinator, worker, gang_member };
inline constexpr std::array<const char*, 5> victim_names{"launcher", "mpirun", "coordinator", "worker", "gang member"};

/// Where in the ledger a kill is done; the kind is empty for a random time.
struct Moment {
    std::string kind, point;
    [[nodiscard]] bool is_random() const { return kind.empty(); }
    [[nodiscard]] std::string name() const { return is_random() ? "random" : kind + ' ' + point; }
};

inline std::vector<Moment> all_moments() {
    std::vector<Moment> moments;
    for (const char* kind : {"assigned", "finished", "failed", "worker_lost", "abandoned", "set_aside"})
        for (const char* point : {"before", "written", "synced"}) moments.push_back({kind, point});
    moments.push_back({});
    return moments;
}

struct Kill {
    Victim victim = Victim::launcher;
    int signal = SIGKILL;  ///< or SIGSTOP
    std::size_t moment = 0;

    [[nodiscard]] bool is_of_worker() const { return victim == Victim::worker || victim == Victim::gang_member; }
    /// The whole sweep goes with it.
    [[nodiscard]] bool ends_the_sweep() const { return signal == SIGKILL && !is_of_worker(); }
    /// It gets SIGCONT later.
    [[nodiscard]] bool is_a_pause() const { return signal == SIGSTOP && !is_of_worker(); }
};

/// The n-th kill: 5 victims and 19 moments have no common divisor, so that 95 in a row are all pairs, and the next 95 the same with the
/// other signal.
inline Kill nth_kill(std::size_t n, std::size_t moments) {
    return {.victim = static_cast<Victim>(n % victim_names.size()), .signal = n % 2 == 0 ? SIGKILL : SIGSTOP, .moment = n % moments};
}

}  // namespace layersweep::test
