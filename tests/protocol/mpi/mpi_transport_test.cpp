#include "protocol/mpi/mpi_transport.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <map>
#include <thread>

#include "protocol/errors.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/mpi_main.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using test::mpi_session;

// Far longer than anything here takes: a test that waits so long has failed.
constexpr auto long_enough = 60s;

/// One end for all tests. Each test ends with a barrier made of messages (Stop, answer, Stop), so that none is left for the next.
class MpiTransport : public testing::Test {
protected:
    static void SetUpTestSuite() {
        if (is_coordinator()) {
            coordinator_ = mpi_coordinator(mpi_session());
        } else {
            worker_ = mpi_worker(mpi_session());
        }
    }
    static void TearDownTestSuite() {
        coordinator_.reset();
        worker_.reset();
    }
    void TearDown() override {
        if (is_coordinator()) {
            stop_all();
            for (int i = 0; i < workers(); ++i) EXPECT_EQ(next_from_any().message, ToCoordinator(to_coordinator::MemberDone{}));
            stop_all();
        } else {
            EXPECT_EQ(worker_->receive(long_enough), ToWorker(to_worker::Stop{}));
            worker_->send(to_coordinator::MemberDone{});
            EXPECT_EQ(worker_->receive(long_enough), ToWorker(to_worker::Stop{}));
        }
    }
    static void stop_all() {
        for (const WorkerId worker : coordinator_->workers()) coordinator_->send(worker, to_worker::Stop{});
    }

    static bool is_coordinator() { return mpi_session().rank() == 0; }
    static int workers() { return mpi_session().size() - 1; }

    FromWorker next_from_any() {
        const auto incoming = coordinator_->receive(long_enough);
        if (!incoming || !std::holds_alternative<FromWorker>(*incoming)) throw MachineError("no message came");
        return std::get<FromWorker>(*incoming);
    }

    inline static std::unique_ptr<CoordinatorTransport> coordinator_;
    inline static std::unique_ptr<WorkerTransport> worker_;
};

TEST_F(MpiTransport, TheCoordinatorKnowsEveryWorker) {
    if (!is_coordinator()) return;
    const auto all = coordinator_->workers();
    ASSERT_EQ(static_cast<int>(all.size()), workers());
    for (int rank = 1; rank <= workers(); ++rank) EXPECT_EQ(all[static_cast<std::size_t>(rank - 1)], WorkerId{rank});
}

TEST_F(MpiTransport, WorkersOfANodeAreNumberedWithoutTheCoordinator) {
    EXPECT_EQ(mpi_session().local_rank(), mpi_session().rank()) << "all ranks of this test are on one node";
    EXPECT_EQ(mpi_session().local_worker(), mpi_session().rank() - 1);
}

TEST_F(MpiTransport, EveryMessageGoesThereAndBack) {
    if (is_coordinator()) {
        for (const auto& message : test::every_to_worker()) {
            for (const WorkerId worker : coordinator_->workers()) coordinator_->send(worker, message);
        }
        std::vector<std::size_t> next(static_cast<std::size_t>(workers()) + 1, 0);
        const auto expected = test::every_to_coordinator();
        for (std::size_t i = 0; i < expected.size() * static_cast<std::size_t>(workers()); ++i) {
            const FromWorker from = next_from_any();
            EXPECT_EQ(from.message, expected.at(next.at(static_cast<std::size_t>(from.worker.rank))++));
        }
    } else {
        for (const auto& message : test::every_to_worker()) EXPECT_EQ(worker_->receive(long_enough), message);
        for (const auto& message : test::every_to_coordinator()) worker_->send(message);
    }
}

/// A result with predictions of about 5 MB.
to_coordinator::Finished large_result() {
    to_coordinator::Finished finished{test::full_attempt(), test::full_result(), ""};
    for (std::int64_t row = 0; row < 80'000; ++row) {
        finished.result.predictions.push_back(
            {.row = row, .label = 1, .predicted = 2, .scores = {row / 3.0, -1.0 / 7, row * 1e-300, 0.1, 0.3, 0.7}});
    }
    return finished;
}

TEST_F(MpiTransport, LargeAndSmallMessagesOfAWorkerKeepTheirOrder) {
    const auto large = large_result();
    constexpr std::uint64_t rounds = 3;
    if (!is_coordinator()) {
        for (std::uint64_t round = 0; round < rounds; ++round) {
            worker_->send(to_coordinator::Alive{2 * round});
            worker_->send(large);
            worker_->send(to_coordinator::Alive{2 * round + 1});
        }
        return;
    }
    std::vector<int> count(static_cast<std::size_t>(workers()) + 1, 0);
    for (int i = 0; i < 3 * int(rounds) * workers(); ++i) {
        const FromWorker from = next_from_any();
        const int number = count.at(static_cast<std::size_t>(from.worker.rank))++;
        if (number % 3 == 1) {
            EXPECT_TRUE(from.message == ToCoordinator(large)) << "message " << number << " of rank " << from.worker.rank;
        } else {
            EXPECT_EQ(from.message, ToCoordinator(to_coordinator::Alive{std::uint64_t(number / 3 * 2 + number % 3 / 2)}));
        }
    }
}

TEST_F(MpiTransport, ThousandsOfMessagesOfEveryWorkerKeepTheirOrder) {
    constexpr std::uint64_t messages = 3000;
    if (!is_coordinator()) {
        for (std::uint64_t step = 0; step < messages; ++step) worker_->send(to_coordinator::Alive{step});
        return;
    }
    std::vector<std::uint64_t> next(static_cast<std::size_t>(workers()) + 1, 0);
    for (std::uint64_t i = 0; i < messages * std::uint64_t(workers()); ++i) {
        const FromWorker from = next_from_any();
        ASSERT_EQ(std::get<to_coordinator::Alive>(from.message).progress, next.at(static_cast<std::size_t>(from.worker.rank))++);
    }
}

TEST_F(MpiTransport, ThreadsOfAWorkerThatSendAtOnceKeepTheirOwnOrder) {
    constexpr std::uint64_t threads = 4, messages = 500;
    if (!is_coordinator()) {
        std::vector<std::jthread> senders;
        for (std::uint64_t thread = 0; thread < threads; ++thread) {
            senders.emplace_back([thread] {
                for (std::uint64_t i = 0; i < messages; ++i) worker_->send(to_coordinator::Alive{thread * messages + i});
            });
        }
        return;
    }
    std::map<std::pair<int, std::uint64_t>, std::uint64_t> next;
    for (std::uint64_t i = 0; i < threads * messages * std::uint64_t(workers()); ++i) {
        const FromWorker from = next_from_any();
        const auto number = std::get<to_coordinator::Alive>(from.message).progress;
        ASSERT_EQ(number % messages, (next[{from.worker.rank, number / messages}]++));
    }
}

/// An order of about 5 MB.
to_worker::Assign large_order() {
    auto order = std::get<to_worker::Assign>(test::every_to_worker().front());
    order.trial.other_axes.emplace_back("long", std::string(5'000'000, 'x'));
    return order;
}

TEST_F(MpiTransport, ABusyWorkersSignsOfLifeArriveAndOrdersWaitForIt) {
    const std::vector<ToWorker> orders = {to_worker::Alive{}, large_order(), to_worker::Abandon{test::full_attempt(), true}};
    constexpr auto busy = 3s;
    constexpr std::uint64_t beats = 60;
    if (!is_coordinator()) {
        {
            const std::jthread heart([&] {
                for (std::uint64_t i = 0; i < beats; ++i) {
                    worker_->send(to_coordinator::Alive{i});
                    std::this_thread::sleep_for(busy / beats);
                }
            });
            std::this_thread::sleep_for(busy);
        }
        for (const auto& order : orders) EXPECT_TRUE(worker_->receive(0ms) == order) << "a message of kind " << order.index();
        EXPECT_EQ(worker_->receive(0ms), std::nullopt);
        worker_->send(to_coordinator::MemberDone{});
        return;
    }
    for (const WorkerId worker : coordinator_->workers()) {
        for (const auto& order : orders) coordinator_->send(worker, order);
    }
    std::vector<std::uint64_t> next(static_cast<std::size_t>(workers()) + 1, 0);
    for (int done = 0; done < workers();) {
        const FromWorker from = next_from_any();
        auto& beat = next.at(static_cast<std::size_t>(from.worker.rank));
        if (from.message == ToCoordinator(to_coordinator::MemberDone{})) {
            EXPECT_EQ(beat, beats);
            ++done;
        } else {
            ASSERT_EQ(from.message, ToCoordinator(to_coordinator::Alive{beat++}));
        }
    }
}

TEST_F(MpiTransport, AWaitThatBringsNothingEndsWithNothing) {
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    constexpr auto idle = 3s;
    const auto start = std::chrono::steady_clock::now();
    if (is_coordinator()) {
        EXPECT_FALSE(coordinator_->receive(idle).has_value());
    } else {
        // Ends before the coordinator's wait does, whose Stop is next.
        EXPECT_EQ(worker_->receive(idle / 2), std::nullopt);
    }
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    const double used = seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) - seconds(before.ru_stime);
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("[rank %d] idle: %.2f %% of a core\n", mpi_session().rank(), 100 * used / waited);
    EXPECT_LT(used / waited, 0.2) << "it waits busily";
}

}  // namespace
}  // namespace layersweep
