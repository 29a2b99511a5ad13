#include "orchestrator/vigil.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace layersweep {
namespace {

using std::chrono::milliseconds;

/// What one turn adds to the waking time at most: a turn takes a fraction of a second where nothing holds it up.
constexpr milliseconds longest_turn{1000};

}  // namespace

Vigil::Vigil(const std::vector<WorkerId>& workers, VigilLimits limits) : limits_(limits) {
    for (const WorkerId worker : workers) watched_.emplace(worker, Watched{});
}

void Vigil::on_turn(milliseconds now) {
    if (last_turn_.count() >= 0) awake_ += std::min(now - last_turn_, longest_turn);
    last_turn_ = now;
}

void Vigil::on_message(WorkerId worker) {
    const auto found = watched_.find(worker);
    if (found == watched_.end()) return;
    found->second.heard = awake_;
    found->second.has_spoken = true;
}

void Vigil::on_alive(WorkerId worker, std::uint64_t progress) {
    const auto found = watched_.find(worker);
    if (found == watched_.end() || found->second.progress == progress) return;
    Watched& watched = found->second;
    watched.progress = progress;
    if (std::exchange(watched.has_moved, true)) watched.longest_step = std::max(watched.longest_step, awake_ - watched.moved);
    watched.moved = awake_;
}

void Vigil::on_busy(WorkerId worker) {
    const auto found = watched_.find(worker);
    if (found == watched_.end()) return;
    found->second.busy = true;
    found->second.moved = awake_;
    found->second.longest_step = milliseconds{0};
    found->second.has_moved = false;
}

void Vigil::on_idle(WorkerId worker) {
    if (const auto found = watched_.find(worker); found != watched_.end()) found->second.busy = false;
}

milliseconds Vigil::longest_step() const {
    milliseconds longest{0};
    for (const auto& [worker, watched] : watched_)
        if (watched.busy) longest = std::max(longest, watched.longest_step);
    return longest;
}

std::vector<Vigil::Finding> Vigil::findings() const {
    std::vector<Finding> found;
    for (const auto& [worker, watched] : watched_) {
        const milliseconds silent = awake_ - watched.heard;
        const milliseconds limit = watched.has_spoken ? limits_.silence : std::max(limits_.silence, limits_.stuck);
        const milliseconds still = awake_ - watched.moved;
        if (silent > limit)
            found.push_back({worker, FailureReason::worker_lost, fmt::format("silent for {} s", silent.count() / 1000)});
        else if (watched.busy && still > std::max(limits_.stuck, limits_.steps * watched.longest_step))
            found.push_back({worker, FailureReason::stuck, fmt::format("no progress for {} s", still.count() / 1000)});
    }
    return found;
}

}  // namespace layersweep
