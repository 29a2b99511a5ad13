#include "worker/parallel/gang_wait.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace layersweep {
namespace {

constexpr int spins = 100;
constexpr int yields = 100;
constexpr std::chrono::microseconds longest_sleep{100};
/// Asking is a look into the worker's mailbox: too dear for every pause.
constexpr std::chrono::milliseconds between_questions{1};

}  // namespace

GangWait::GangWait(std::chrono::milliseconds timeout, const Interrupted& interrupted, double& waited_s)
    : timeout_(timeout), interrupted_(interrupted), waited_s_(waited_s) {}

GangWait::~GangWait() {
    waited_s_ += std::chrono::duration<double>(Clock::now() - start_).count();
}

void GangWait::pause(const std::function<std::string()>& awaited) {
    ++pauses_;
    if (pauses_ <= spins) return;
    const auto now = Clock::now();
    if (now - start_ > timeout_) {
        throw CollectiveLost("the gang waited " + std::to_string(timeout_.count() / 1000) + " s in vain for " + awaited());
    }
    if (now - asked_ > between_questions) {
        asked_ = now;
        if (interrupted_ && interrupted_()) throw CollectiveLost("the attempt was abandoned while it waited for " + awaited());
    }
    if (pauses_ <= spins + yields) {
        sched_yield();
    } else {
        std::this_thread::sleep_for(std::min(longest_sleep, std::chrono::microseconds(pauses_ - spins - yields)));
    }
}

}  // namespace layersweep
