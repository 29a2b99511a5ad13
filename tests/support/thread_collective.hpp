#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/parallel/collective.hpp"

namespace layersweep::test {

/// A gang whose members are threads of this process. Sums run over the ranks in order. A member that waits for a minute throws
/// CollectiveLost.
class ThreadGang {
public:
    explicit ThreadGang(int size) : slots_(std::size_t(size)) {}
    [[nodiscard]] std::unique_ptr<Collective> member(int rank);

private:
    class Member;
    void meet();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t arrived_ = 0;
    std::uint64_t meetings_ = 0;
    std::vector<at::Tensor*> slots_;
};

/// Runs `body(collective)` in one thread per member and returns when all have ended; the first rank's exception is thrown again.
void run_gang(int size, const std::function<void(Collective&)>& body);

}  // namespace layersweep::test
