#include "worker/heartbeat.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "protocol/errors.hpp"
#include "protocol/in_process/in_process_transport.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;

// Far longer than anything here takes: a test that waits so long has failed.
constexpr auto long_enough = 30s;

/// What a lifeline that was cut said, as a value to wait for.
class Cut {
public:
    [[nodiscard]] Lifeline lifeline() {
        return {.cut = [this](const std::string& why) { why_.set_value(why); }, .beat = 2ms};
    }
    std::string wait() {
        auto why = why_.get_future();
        return why.wait_for(long_enough) == std::future_status::ready ? why.get() : "it was not cut";
    }

private:
    std::promise<std::string> why_;  ///< a second cut would throw
};

std::uint64_t next_progress(CoordinatorTransport& end) {
    const auto incoming = end.receive(long_enough);
    if (!incoming) throw MachineError("no sign of life came");
    return std::get<to_coordinator::Alive>(std::get<FromWorker>(*incoming).message).progress;
}

TEST(Heartbeat, TellsTheProgressOfAWorkerThatIsBusy) {
    const auto transport = in_process_transport(1);
    Pulse pulse;
    Cut cut;
    const auto lifeline = cut.lifeline();
    const Heartbeat heartbeat(*transport.workers[0], pulse, lifeline);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(next_progress(*transport.coordinator), 0U) << "nothing is done yet";
    std::uint64_t last = 0;
    for (std::uint64_t done = 1; done <= 5; ++done) {
        pulse.beat();
        while (last < done) {
            const auto progress = next_progress(*transport.coordinator);
            ASSERT_GE(progress, last);
            last = progress;
        }
        EXPECT_EQ(last, done);
    }
}

TEST(Heartbeat, CutsTheLifelineWhenTheCoordinatorIsGone) {
    auto transport = in_process_transport(1);
    const Pulse pulse;
    Cut cut;
    const auto lifeline = cut.lifeline();
    const Heartbeat heartbeat(*transport.workers[0], pulse, lifeline);
    (void)next_progress(*transport.coordinator);
    transport.coordinator.reset();
    EXPECT_NE(cut.wait().find("the coordinator is gone"), std::string::npos);
}

/// A coordinator that is there and says nothing.
class SilentTransport final : public WorkerTransport {
public:
    void send(const ToCoordinator& message) override {
        EXPECT_TRUE(std::holds_alternative<to_coordinator::Alive>(message));
        ++sent;
        if (answers) ++said;
    }
    [[nodiscard]] std::optional<ToWorker> receive(std::chrono::milliseconds) override {
        ADD_FAILURE() << "messages are the training thread's";
        return std::nullopt;
    }
    [[nodiscard]] std::uint64_t heard() const override { return said; }
    std::atomic<int> sent = 0;
    std::atomic<std::uint64_t> said = 0;
    std::atomic<bool> answers = false;  ///< the coordinator says something after each beat
};

TEST(Heartbeat, CutsTheLifelineOfACoordinatorThatSaysNothing) {
    SilentTransport transport;
    const Pulse pulse;
    std::promise<std::string> why;
    const Lifeline lifeline{.cut = [&](const std::string& text) { why.set_value(text); }, .beat = 1ms, .patience = 50ms};
    const Heartbeat heartbeat(transport, pulse, lifeline);
    auto text = why.get_future();
    ASSERT_EQ(text.wait_for(long_enough), std::future_status::ready);
    EXPECT_EQ(text.get(), "nothing was heard from the coordinator for 0 s");
    const int at_the_cut = transport.sent;
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(transport.sent, at_the_cut) << "it is over then";
}

TEST(Heartbeat, ACoordinatorThatSpeaksIsNeverSilent) {
    SilentTransport transport;
    const Pulse pulse;
    std::atomic<bool> told = false;
    const Lifeline lifeline{.cut = [&](const std::string&) { told = true; }, .beat = 1ms, .patience = 0ms};
    transport.answers = true;
    const Heartbeat heartbeat(transport, pulse, lifeline);
    while (transport.sent < 50 && !told) std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(told);
}

/// A process that is stopped for longer than its patience, in the middle of a beat.
class StoppedTransport final : public WorkerTransport {
public:
    void send(const ToCoordinator&) override {
        if (++sent == 3) std::this_thread::sleep_for(300ms);
    }
    [[nodiscard]] std::optional<ToWorker> receive(std::chrono::milliseconds) override { return std::nullopt; }
    [[nodiscard]] std::uint64_t heard() const override { return sent > 4 ? std::uint64_t(sent) : 0; }
    std::atomic<int> sent = 0;
};

TEST(Heartbeat, AProcessThatWasStoppedForLongHasNotListened) {
    StoppedTransport transport;
    const Pulse pulse;
    std::atomic<bool> told = false;
    const Lifeline lifeline{.cut = [&](const std::string&) { told = true; }, .beat = 1ms, .patience = 200ms};
    const Heartbeat heartbeat(transport, pulse, lifeline);
    while (transport.sent < 10 && !told) std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(told);
}

TEST(Heartbeat, EndsAtOnceAndSendsNoMore) {
    SilentTransport transport;
    const Pulse pulse;
    const auto start = std::chrono::steady_clock::now();
    {
        const Lifeline slow{.cut = {}, .beat = 1h};
        const Heartbeat heartbeat(transport, pulse, slow);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
    {
        const Lifeline fast{.cut = {}, .beat = 1ms};
        const Heartbeat heartbeat(transport, pulse, fast);
        while (transport.sent < 3) std::this_thread::sleep_for(1ms);
    }
    const int at_the_end = transport.sent;
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(transport.sent, at_the_end);
}

}  // namespace
}  // namespace layersweep
