#include "tests/support/thread_collective.hpp"

#include <ATen/ATen.h>

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

namespace layersweep::test {

class ThreadGang::Member final : public Collective {
public:
    Member(ThreadGang& gang, int rank) : gang_(gang), rank_(rank) {}
    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return int(gang_.slots_.size()); }

    void start_sum(const at::Tensor& flat) override { started_.push_back(flat); }

    void finish_sums() override {
        for (const auto& flat : std::exchange(started_, {})) sum(flat);
    }

    [[nodiscard]] double waited_s() const override { return 0; }

private:
    void sum(at::Tensor flat) {
        gang_.slots_[std::size_t(rank_)] = &flat;
        gang_.meet();
        auto sum = gang_.slots_[0]->clone();
        for (std::size_t other = 0; other < gang_.slots_.size(); ++other) {
            LAYERSWEEP_CHECK(gang_.slots_[other]->numel() == flat.numel(), "members sum up different things");
            if (other > 0) sum.add_(*gang_.slots_[other]);
        }
        gang_.meet();  // all have read before any writes
        flat.copy_(sum);
    }

    ThreadGang& gang_;
    int rank_;
    std::vector<at::Tensor> started_;
};

std::unique_ptr<Collective> ThreadGang::member(int rank) {
    return std::make_unique<Member>(*this, rank);
}

void ThreadGang::meet() {
    std::unique_lock lock(mutex_);
    const auto meeting = meetings_;
    if (++arrived_ == slots_.size()) {
        arrived_ = 0;
        ++meetings_;
        changed_.notify_all();
        return;
    }
    if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return meetings_ != meeting; }))
        throw CollectiveLost("a member of the gang did not come within a minute");
}

void run_gang(int size, const std::function<void(Collective&)>& body) {
    ThreadGang gang(size);
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
    {
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < size; ++rank) {
            threads.emplace_back([&, rank] {
                try {
                    body(*gang.member(rank));
                } catch (...) {
                    errors[std::size_t(rank)] = std::current_exception();
                }
            });
        }
    }
    for (const auto& error : errors) {
        if (error) std::rethrow_exception(error);
    }
}

}  // namespace layersweep::test
