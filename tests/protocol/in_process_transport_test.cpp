#include "protocol/in_process/in_process_transport.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "protocol/errors.hpp"
#include "tests/support/messages.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;

// Far longer than anything here takes: a test that waits so long has failed.
constexpr auto long_enough = 30s;

TEST(InProcessTransport, HasAnEndForEveryWorker) {
    const auto transport = in_process_transport(3);
    EXPECT_EQ(transport.workers.size(), 3u);
    EXPECT_EQ(transport.coordinator->workers(), (std::vector<WorkerId>{{1}, {2}, {3}}));
}

TEST(InProcessTransport, NothingSentIsNothingReceived) {
    const auto transport = in_process_transport(1);
    EXPECT_FALSE(transport.coordinator->receive(1ms).has_value());
    EXPECT_EQ(transport.workers[0]->receive(0ms), std::nullopt);
}

TEST(InProcessTransport, EveryMessageArrivesInOrderFromTheRightWorker) {
    const auto transport = in_process_transport(2);
    for (const auto& message : test::every_to_coordinator()) transport.workers[1]->send(message);
    for (const auto& message : test::every_to_coordinator()) {
        const auto incoming = transport.coordinator->receive(long_enough);
        ASSERT_TRUE(incoming && std::holds_alternative<FromWorker>(*incoming));
        EXPECT_EQ(std::get<FromWorker>(*incoming).worker, WorkerId{2});
        EXPECT_EQ(std::get<FromWorker>(*incoming).message, message);
    }
    for (const auto& message : test::every_to_worker()) transport.coordinator->send({1}, message);
    for (const auto& message : test::every_to_worker()) EXPECT_EQ(transport.workers[0]->receive(long_enough), message);
    EXPECT_EQ(transport.workers[1]->receive(0ms), std::nullopt) << "that was for the other worker";
}

TEST(InProcessTransport, AMessageWakesAWaitingWorker) {
    const auto transport = in_process_transport(1);
    std::optional<ToWorker> received;
    std::jthread worker([&] { received = transport.workers[0]->receive(long_enough); });
    transport.coordinator->send({1}, to_worker::Stop{});
    worker.join();
    EXPECT_EQ(received, ToWorker(to_worker::Stop{}));
}

TEST(InProcessTransport, AKilledWorkerIsReportedOnceAfterItsLastMessage) {
    const auto transport = in_process_transport(2);
    transport.workers[0]->send(to_coordinator::Hello{});
    transport.kill({1});
    transport.kill({1});
    EXPECT_TRUE(std::holds_alternative<FromWorker>(transport.coordinator->receive(long_enough).value()));
    const auto lost = transport.coordinator->receive(long_enough);
    ASSERT_TRUE(lost && std::holds_alternative<WorkerLost>(*lost));
    EXPECT_EQ(std::get<WorkerLost>(*lost).worker, WorkerId{1});
    EXPECT_FALSE(transport.coordinator->receive(1ms).has_value());
}

TEST(InProcessTransport, AKilledWorkersCallsThrowAndTheOthersGoOn) {
    const auto transport = in_process_transport(2);
    transport.coordinator->send({1}, to_worker::Stop{});
    transport.kill({1});
    EXPECT_THROW(transport.workers[0]->send(to_coordinator::Hello{}), MachineError);
    EXPECT_THROW((void)transport.workers[0]->receive(0ms), MachineError);
    transport.coordinator->send({1}, to_worker::Stop{});
    transport.coordinator->send({2}, to_worker::Stop{});
    EXPECT_TRUE(transport.workers[1]->receive(long_enough).has_value());
}

TEST(InProcessTransport, KillingWakesAWaitingWorker) {
    const auto transport = in_process_transport(1);
    bool threw = false;
    std::jthread worker([&] {
        try {
            (void)transport.workers[0]->receive(long_enough);
        } catch (const MachineError&) {
            threw = true;
        }
    });
    transport.kill({1});
    worker.join();
    EXPECT_TRUE(threw);
}

TEST(InProcessTransport, WithoutItsCoordinatorAWorkerGetsWhatWasSentThenThrows) {
    auto transport = in_process_transport(1);
    transport.coordinator->send({1}, to_worker::Stop{});
    transport.coordinator.reset();
    EXPECT_TRUE(transport.workers[0]->receive(0ms).has_value());
    EXPECT_THROW((void)transport.workers[0]->receive(0ms), MachineError);
    EXPECT_THROW(transport.workers[0]->send(to_coordinator::Hello{}), MachineError);
}

TEST(InProcessTransport, AWorkerThatDoesNotExistIsOurMistake) {
    const auto transport = in_process_transport(1);
    EXPECT_THROW(transport.coordinator->send({0}, to_worker::Stop{}), InvariantError);
    EXPECT_THROW(transport.coordinator->send({2}, to_worker::Stop{}), InvariantError);
}

TEST(InProcessTransport, ManyWorkersAtOnceKeepTheirOwnOrder) {
    constexpr int workers = 8;
    constexpr int messages = 200;
    const auto transport = in_process_transport(workers);
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) {
        threads.emplace_back([&end = *transport.workers[static_cast<std::size_t>(i)]] {
            for (int step = 0; step < messages; ++step) end.send(to_coordinator::Alive{std::uint64_t(step)});
        });
    }
    std::vector<std::uint64_t> next(workers + 1, 0);
    for (int i = 0; i < workers * messages; ++i) {
        const auto incoming = transport.coordinator->receive(long_enough);
        ASSERT_TRUE(incoming && std::holds_alternative<FromWorker>(*incoming));
        const auto& from = std::get<FromWorker>(*incoming);
        EXPECT_EQ(std::get<to_coordinator::Alive>(from.message).progress, next.at(static_cast<std::size_t>(from.worker.rank))++);
    }
}

}  // namespace
}  // namespace layersweep
