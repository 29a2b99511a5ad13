#include "orchestrator/schedule/idle_pool.hpp"

#include <algorithm>

namespace layersweep {

IdlePool::IdlePool(std::span<const WorkerView> living) {
    for (const WorkerView& worker : living) {
        if (worker.host.empty()) {
            ++unknown_;
            continue;
        }
        Host& host = hosts_[worker.host];
        host.living.push_back(worker.id);
        if (!worker.idle) continue;
        host.idle.push_back(worker.id);
        ++idle_;
    }
}

std::vector<WorkerId> IdlePool::take(std::size_t gang, std::span<const WorkerId> avoided) {
    if (avoided.empty()) return take_from_all(gang);
    IdlePool others = *this;
    for (auto& [name, host] : others.hosts_) {
        const auto is_avoided = [&avoided](WorkerId worker) { return std::ranges::find(avoided, worker) != avoided.end(); };
        std::erase_if(host.living, is_avoided);
        others.idle_ -= std::erase_if(host.idle, is_avoided);
    }
    auto gang_of_others = others.take_from_all(gang);
    for (auto& [name, host] : hosts_)
        idle_ -= std::erase_if(host.idle, [&](WorkerId w) { return std::ranges::find(gang_of_others, w) != gang_of_others.end(); });
    return gang_of_others;
}

std::vector<WorkerId> IdlePool::take_from_all(std::size_t gang) {
    if (gang > idle_) return {};
    if (Host* host = tightest_host(gang)) return take_from(*host, gang);
    // A gang across hosts is slower for as long as it runs: only where no host will ever be wide enough.
    if (may_fit_one_host(gang)) return {};
    return take_across_hosts(gang);
}

void IdlePool::hold_for(std::size_t gang) {
    if (unknown_ > 0 || !may_fit_one_host(gang)) {
        for (auto& [name, host] : hosts_) (void)take_from(host, host.idle.size());
        return;
    }
    Host* fullest = nullptr;
    for (auto& [name, host] : hosts_)
        if (host.living.size() >= gang && (fullest == nullptr || host.idle.size() > fullest->idle.size())) fullest = &host;
    (void)take_from(*fullest, fullest->idle.size());
}

bool IdlePool::may_fit_one_host(std::size_t gang) const {
    if (unknown_ > 0) return true;
    return std::ranges::any_of(hosts_, [gang](const auto& host) { return host.second.living.size() >= gang; });
}

/// The host whose idle workers suffice with the fewest left over, so that wide room stays wide.
IdlePool::Host* IdlePool::tightest_host(std::size_t gang) {
    Host* best = nullptr;
    for (auto& [name, host] : hosts_)
        if (host.idle.size() >= gang && (best == nullptr || host.idle.size() < best->idle.size())) best = &host;
    return best;
}

std::vector<WorkerId> IdlePool::take_from(Host& host, std::size_t count) {
    const auto end = host.idle.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<WorkerId> taken(host.idle.begin(), end);
    host.idle.erase(host.idle.begin(), end);
    idle_ -= count;
    return taken;
}

std::vector<WorkerId> IdlePool::take_across_hosts(std::size_t gang) {
    std::vector<Host*> widest_first;
    for (auto& [name, host] : hosts_) widest_first.push_back(&host);
    std::ranges::stable_sort(widest_first, std::ranges::greater{}, [](const Host* host) { return host->idle.size(); });
    std::vector<WorkerId> taken;
    for (Host* host : widest_first)
        for (const WorkerId worker : take_from(*host, std::min(gang - taken.size(), host->idle.size()))) taken.push_back(worker);
    return taken;
}

}  // namespace layersweep
