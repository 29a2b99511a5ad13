#include "worker/worker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "protocol/in_process/in_process_transport.hpp"
#include "tests/worker/training/interrupted_trial.hpp"

namespace layersweep::test {
namespace {

using namespace std::chrono_literals;

constexpr auto long_enough = 60s;

class SoloFactory : public CollectiveFactory {
public:
    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId, const to_worker::Assign&, Interrupted) override { return solo_collective(); }
};

/// A worker in a thread of its own; the test is its coordinator.
class WorkerTest : public ::testing::Test {
protected:
    void start(CollectiveFactory& collectives) {
        thread_ = std::jthread([this, &collectives] {
            auto warm = cold_store();
            Worker worker({1}, *transport_.workers[0], collectives, warm, {.cut = [](const std::string&) {}, .beat = 5ms});
            try {
                worker.run();
            } catch (const MachineError& error) {
                end_ = error.what();
            }
        });
        (void)expect<to_coordinator::Hello>();
    }
    void start() { start(solo_); }
    std::string end() {
        thread_.join();
        return end_;
    }
    void TearDown() override {
        if (thread_.joinable()) say(to_worker::Stop{});
    }

    void say(const ToWorker& message) { transport_.coordinator->send({1}, message); }
    ToCoordinator next() {
        const auto incoming = transport_.coordinator->receive(long_enough);
        if (!incoming) throw MachineError("the worker says nothing");
        return std::get<FromWorker>(*incoming).message;
    }
    /// The next message but signs of life, whose progress is kept.
    template <class Message>
    Message expect() {
        while (true) {
            const auto message = next();
            if (const auto* wanted = std::get_if<Message>(&message)) return *wanted;
            if (const auto* alive = std::get_if<to_coordinator::Alive>(&message)) {
                EXPECT_GE(alive->progress, progress_);
                progress_ = alive->progress;
            } else {
                ADD_FAILURE() << "a message of kind " << message.index();
                return {};
            }
        }
    }
    /// Until the worker has done so much more.
    void wait_for_progress(std::uint64_t more) {
        const auto goal = progress_ + more;
        while (progress_ < goal) progress_ = std::get<to_coordinator::Alive>(next()).progress;
    }

    [[nodiscard]] to_worker::Assign assign(std::uint32_t number) const {
        return {.attempt = {trial.key, 1, number}, .trial = trial, .gang = {{1}}, .epoch = number, .checkpoints = folder.path()};
    }
    /// 1500 steps: long enough to be interrupted by a word that is on its way.
    static Trial long_trial(const TinyDataset& dataset) {
        auto trial = interruptible_trial(Mode::lm, dataset);
        trial.training.epochs = 300;
        return trial;
    }

    TinyDataset dataset;
    CheckpointFolder folder;
    Trial trial = long_trial(dataset);

private:
    InProcessTransport transport_ = in_process_transport(1);
    SoloFactory solo_;
    std::uint64_t progress_ = 0;
    std::string end_ = "it was told to stop";
    std::jthread thread_;
};

TEST_F(WorkerTest, GoesOnFromTheCheckpointThatItWasToldToMake) {
    start();
    say(assign(1));
    wait_for_progress(300);
    say(to_worker::Abandon{assign(1).attempt, true});
    EXPECT_EQ(expect<to_coordinator::Abandoned>().attempt, assign(1).attempt);
    ASSERT_TRUE(std::filesystem::exists(folder.state()));
    const auto saved = std::filesystem::last_write_time(folder.state());
    say(assign(2));
    const auto notice = expect<to_coordinator::Notice>();
    EXPECT_EQ(notice.text.find("01234567 goes on from step "), 0U) << notice.text;
    auto finished = expect<to_coordinator::Finished>();
    EXPECT_EQ(finished.attempt, assign(2).attempt);
    finished.result.timings = {};
    EXPECT_EQ(finished.result, attempt(trial).result);
    EXPECT_EQ(std::filesystem::last_write_time(folder.state()), saved) << "ten minutes are not over";
}

TEST_F(WorkerTest, AnotherTrialIsPreparedWhileOneTrains) {
    start();
    auto next = trial, impossible = trial;
    trial.training.epochs = next.training.epochs = 3;
    next.mode = Mode::cls;
    impossible.model.path = "/nowhere";
    impossible.model.fingerprint = "nowhere";
    auto first = assign(1), second = assign(2), third = assign(3);
    first.likely_next = second.trial = next;
    second.likely_next = impossible;
    for (const auto& one : {first, second, third}) {
        say(one);
        auto finished = expect<to_coordinator::Finished>();
        EXPECT_EQ(finished.attempt, one.attempt);
        finished.result.timings = {};
        EXPECT_EQ(finished.result, attempt(one.trial).result);
    }
}

TEST_F(WorkerTest, IsToldToStopWhileItPrepares) {
    start();
    auto one = assign(1);
    one.likely_next = trial;
    one.likely_next->seed += 1;
    say(one);
    wait_for_progress(1);
    say(to_worker::Stop{});
    (void)expect<to_coordinator::Abandoned>();
    EXPECT_EQ(end(), "it was told to stop");
}

TEST_F(WorkerTest, MakesNoCheckpointWithoutBeingTold) {
    start();
    say(assign(1));
    wait_for_progress(300);
    say(to_worker::Abandon{assign(1).attempt, false});
    (void)expect<to_coordinator::Abandoned>();
    say(assign(2));
    wait_for_progress(100);
    say(to_worker::Stop{});
    EXPECT_EQ(expect<to_coordinator::Abandoned>().attempt, assign(2).attempt);
    EXPECT_EQ(end(), "it was told to stop");
    EXPECT_FALSE(std::filesystem::exists(folder.path()));
}

TEST_F(WorkerTest, AStopBehindAnAbandonTakesNoCheckpointAway) {
    start();
    say(assign(1));
    wait_for_progress(300);
    say(to_worker::Abandon{assign(1).attempt, true});
    say(to_worker::Stop{});
    (void)expect<to_coordinator::Abandoned>();
    EXPECT_TRUE(std::filesystem::exists(folder.state()));
    EXPECT_EQ(end(), "it was told to stop");
}

TEST_F(WorkerTest, HearsAnAbandonBehindAnySignsOfLife) {
    start();
    say(to_worker::Alive{});
    say(assign(1));
    for (int i = 0; i < 5000; ++i) say(to_worker::Alive{});
    say(to_worker::Abandon{{trial.key, 1, 77}, false});  // of another attempt
    say(to_worker::Abandon{assign(1).attempt, false});
    EXPECT_EQ(expect<to_coordinator::Abandoned>().attempt, assign(1).attempt);
}

TEST_F(WorkerTest, ACheckpointThatCannotBeMadeIsANotice) {
    start();
    auto nowhere = assign(1);
    nowhere.checkpoints = "/proc/no-folder-can-be-made-here";
    say(nowhere);
    wait_for_progress(300);
    say(to_worker::Abandon{nowhere.attempt, true});
    const auto notice = expect<to_coordinator::Notice>();
    EXPECT_EQ(notice.text.find("no checkpoint of 01234567: "), 0U) << notice.text;
    (void)expect<to_coordinator::Abandoned>();
}

/// The second member never comes; the first one waits until it is interrupted.
class WaitingGang final : public Collective {
public:
    WaitingGang(Interrupted interrupted, std::atomic<int>& asked) : interrupted_(std::move(interrupted)), asked_(asked) {}
    [[nodiscard]] int rank() const override { return 0; }
    [[nodiscard]] int size() const override { return 2; }
    void start_sum(const at::Tensor&) override {}
    void finish_sums() override {
        for (; !interrupted_(); ++asked_) std::this_thread::sleep_for(1ms);
        throw CollectiveLost("abandoned while it waited");
    }
    [[nodiscard]] double waited_s() const override { return 0; }

private:
    Interrupted interrupted_;
    std::atomic<int>& asked_;
};

class WaitingFactory final : public CollectiveFactory {
public:
    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId, const to_worker::Assign&, Interrupted interrupted) override {
        return std::make_unique<WaitingGang>(std::move(interrupted), asked);
    }
    std::atomic<int> asked = 0;
};

TEST_F(WorkerTest, AWaitInAGangIsBrokenOffForAnAbandonWithoutCheckpointOnly) {
    WaitingFactory gang;
    start(gang);
    say(assign(1));
    say(to_worker::Abandon{assign(1).attempt, true});
    for (int i = 0; gang.asked < 50 && i < 30000; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_GE(gang.asked, 50) << "it is to come to the step at which all leave";
    say(to_worker::Abandon{assign(1).attempt, false});
    EXPECT_EQ(expect<to_coordinator::Abandoned>().attempt, assign(1).attempt);
    EXPECT_FALSE(std::filesystem::exists(folder.path()));
    say(to_worker::Stop{});
    EXPECT_EQ(end(), "it was told to stop");
}

template <class Error>
class BrokenFactory final : public CollectiveFactory {
public:
    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId, const to_worker::Assign&, Interrupted) override {
        throw Error("the cable was cut");
    }
};

TEST_F(WorkerTest, ALostCollectiveIsTheSurroundingsFault) {
    BrokenFactory<CollectiveLost> lost;
    start(lost);
    say(assign(1));
    const auto failed = expect<to_coordinator::Failed>();
    EXPECT_EQ(failed.failure.reason, FailureReason::infrastructure);
    EXPECT_EQ(failed.failure.detail, "the cable was cut");
    say(to_worker::Stop{});
    EXPECT_EQ(end(), "it was told to stop");
}

TEST_F(WorkerTest, ABrokenMachineEndsTheWorkerAndSaysWhyFirst) {
    BrokenFactory<MachineError> broken;
    start(broken);
    say(assign(1));
    EXPECT_EQ(expect<to_coordinator::Notice>().text, "it leaves: the cable was cut");
    EXPECT_EQ(end(), "the cable was cut");
}

}  // namespace
}  // namespace layersweep::test
