#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <future>

#include "protocol/errors.hpp"
#include "tests/worker/parallel/gang_payload.hpp"
#include "worker/heartbeat.hpp"
#include "worker/parallel/factory.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr auto long_enough = 60s;

/// Rank 0 is the coordinator and dies at the end of the last test.
class MpiHeartbeat : public testing::Test {
protected:
    static void SetUpTestSuite() {
        if (self().rank == 0)
            coordinator = mpi_coordinator(mpi_session());
        else
            worker = mpi_worker(mpi_session());
    }
    static void TearDownTestSuite() {
        worker.reset();
        coordinator.reset();
    }
    inline static std::unique_ptr<CoordinatorTransport> coordinator;
    inline static std::unique_ptr<WorkerTransport> worker;
};

/// Takes signs of life until every worker has got so far.
void receive_until_all_reach(CoordinatorTransport& end, std::uint64_t goal) {
    std::vector<std::uint64_t> progress(end.workers().size() + 1, 0);
    progress[0] = goal;
    while (*std::min_element(progress.begin(), progress.end()) < goal) {
        const auto incoming = end.receive(long_enough);
        ASSERT_TRUE(incoming && std::holds_alternative<FromWorker>(*incoming));
        const auto& from = std::get<FromWorker>(*incoming);
        auto& last = progress.at(static_cast<std::size_t>(from.worker.rank));
        const auto next = std::get<to_coordinator::Alive>(from.message).progress;
        ASSERT_GE(next, last);
        last = next;
    }
}

TEST_F(MpiHeartbeat, ArrivesWhileAGangReduces) {
    constexpr std::uint64_t reductions = 60;
    auto gang = all_ranks();
    std::erase(gang, WorkerId{0});
    const auto assign = assignment(gang);
    if (self().rank == 0) {
        receive_until_all_reach(*coordinator, reductions);
        for (const auto id : coordinator->workers()) coordinator->send(id, to_worker::Stop{});
        return;
    }
    Pulse pulse;
    const Lifeline lifeline{.cut = [](const std::string& why) { ADD_FAILURE() << why; }, .beat = 2ms};
    const Heartbeat heartbeat(*worker, pulse, lifeline);
    const auto collective = mpi_collective_factory(60s)->make(self(), assign, {});
    for (std::uint64_t i = 0; i < reductions; ++i) {
        auto flat = payload_of<float>(self(), assign.epoch, 300'000);
        collective->all_reduce_sum(flat);
        EXPECT_EQ(wrong_sums<float>(flat, assign.gang, assign.epoch), 0);
        pulse.beat();
    }
    EXPECT_EQ(worker->receive(long_enough), ToWorker(to_worker::Stop{}));
}

TEST_F(MpiHeartbeat, SeesTheCoordinatorsDeathWhileTheWorkerIsBusy) {
    if (self().rank == 0) {
        std::this_thread::sleep_for(300ms);
        raise(SIGKILL);
    }
    const Pulse pulse;
    std::promise<std::string> cut;
    const Lifeline lifeline{.cut = [&](const std::string& why) { cut.set_value(why); }, .beat = 20ms};
    const Heartbeat heartbeat(*worker, pulse, lifeline);
    auto why = cut.get_future();
    ASSERT_EQ(why.wait_for(30s), std::future_status::ready) << "this thread made no call into MPI meanwhile";
    EXPECT_EQ(why.get(), "the coordinator (rank 0) died");
}

}  // namespace
}  // namespace layersweep
