#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "orchestrator/schedule/scheduler.hpp"

namespace layersweep {

/// The idle workers by host while one decision is made.
class IdlePool {
public:
    explicit IdlePool(std::span<const WorkerView> living);

    [[nodiscard]] bool empty() const { return idle_ == 0; }
    /// Takes a gang out of the pool, as if those to avoid did not live; empty where there is no room for it now.
    [[nodiscard]] std::vector<WorkerId> take(std::size_t gang, std::span<const WorkerId> avoided = {});
    /// Takes out, for nobody, the workers that a gang without room shall wait for.
    void hold_for(std::size_t gang);

private:
    struct Host {
        std::vector<WorkerId> living, idle;
    };
    [[nodiscard]] std::vector<WorkerId> take_from_all(std::size_t gang);
    [[nodiscard]] bool may_fit_one_host(std::size_t gang) const;
    [[nodiscard]] Host* tightest_host(std::size_t gang);
    [[nodiscard]] std::vector<WorkerId> take_from(Host& host, std::size_t count);
    [[nodiscard]] std::vector<WorkerId> take_across_hosts(std::size_t gang);

    std::map<std::string, Host> hosts_;
    std::size_t idle_ = 0;
    std::size_t unknown_ = 0;  ///< living, on a host that is not known yet
};

}  // namespace layersweep
