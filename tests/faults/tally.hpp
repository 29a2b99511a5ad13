#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/faults/kill.hpp"

namespace layersweep::test {

/// What came of all kills.
struct Tally {
    explicit Tally(std::vector<Moment> of) : moments(std::move(of)), killed(moments.size()), stopped(moments.size()) {}

    using Row = std::array<int, victim_names.size()>;
    std::vector<Moment> moments;
    std::vector<Row> killed, stopped;  ///< by moment
    int not_counted = 0;               ///< nobody of the kind wanted was running a trial
    std::size_t lost = 0, doubled = 0, orphans = 0;
    std::chrono::milliseconds longest_end{0};     ///< from a kill that ends the sweep until no process is left
    std::chrono::milliseconds longest_notice{0};  ///< from the SIGKILL of a worker to its worker_lost in the ledger

    void count(const Kill& kill) {
        auto& rows = kill.signal == SIGKILL ? killed : stopped;
        ++rows[kill.moment][static_cast<std::size_t>(kill.victim)];
    }
    [[nodiscard]] std::size_t empty_cells() const {
        std::size_t empty = 0;
        for (std::size_t moment = 0; moment < moments.size(); ++moment)
            for (std::size_t victim = 0; victim < victim_names.size(); ++victim)
                if (killed[moment][victim] + stopped[moment][victim] == 0) ++empty;
        return empty;
    }
    [[nodiscard]] std::string text() const {
        std::string text = fmt::format("{:<22}", "SIGKILL + SIGSTOP");
        for (const char* victim : victim_names) text += fmt::format("{:>13}", victim);
        for (std::size_t moment = 0; moment < moments.size(); ++moment) {
            text += fmt::format("\n{:<22}", moments[moment].name());
            for (std::size_t victim = 0; victim < victim_names.size(); ++victim)
                text += fmt::format("{:>13}", fmt::format("{} + {}", killed[moment][victim], stopped[moment][victim]));
        }
        return text + fmt::format(
                          "\nlost {}, doubled {}, orphans {}; {} tries not counted, since no such trial was running\n"
                          "all over {} ms after a kill at most; a killed worker is in the ledger after {} ms at most\n",
                          lost, doubled, orphans, not_counted, longest_end.count(), longest_notice.count());
    }
};

}  // namespace layersweep::test
