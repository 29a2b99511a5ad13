#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/messages.hpp"
#include "protocol/result.hpp"

namespace layersweep {

struct VigilLimits {
    std::chrono::milliseconds silence{60'000};  ///< without a word from a worker that has said hello; the others have `stuck` for it
    std::chrono::milliseconds stuck{600'000};   ///< without progress of a busy worker …
    std::int64_t steps = 20;                    ///< … and so many times its longest step of this attempt so far
};

/// Watches that workers speak and that busy ones get on. It counts the coordinator's own waking time only: a coordinator that was stopped
/// for an hour, or busy with a slow disk, has not listened either.
class Vigil {
public:
    Vigil(const std::vector<WorkerId>& workers, VigilLimits limits);

    /// Once per turn of the coordinator, before it looks for messages.
    void on_turn(std::chrono::milliseconds now);
    void on_message(WorkerId worker);
    void on_alive(WorkerId worker, std::uint64_t progress);
    /// It has something to do from now on.
    void on_busy(WorkerId worker);
    void on_idle(WorkerId worker);
    /// It is not watched any more.
    void forget(WorkerId worker) { watched_.erase(worker); }

    struct Finding {
        WorkerId worker;
        FailureReason reason;  ///< worker_lost: silent; stuck
        std::string why;
    };
    [[nodiscard]] std::vector<Finding> findings() const;
    /// Of the workers that are busy now.
    [[nodiscard]] std::chrono::milliseconds longest_step() const;

private:
    struct Watched {
        bool has_spoken = false, busy = false;
        bool has_moved = false;  ///< since it became busy: what came before was no step
        std::chrono::milliseconds heard{0};
        std::chrono::milliseconds moved{0};  ///< when its progress last changed
        std::chrono::milliseconds longest_step{0};
        std::uint64_t progress = 0;
    };
    VigilLimits limits_;
    std::map<WorkerId, Watched> watched_;
    std::chrono::milliseconds awake_{0};
    std::chrono::milliseconds last_turn_{-1};
};

}  // namespace layersweep
