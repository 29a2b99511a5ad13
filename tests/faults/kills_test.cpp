// Kills at every kind of ledger line, at its three points, and at random times, while a trial is running: LAYERSWEEP_KILLS of them,
// repeatable by LAYERSWEEP_KILL_SEED.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/faults/fault_sweep.hpp"
#include "tests/faults/tally.hpp"

namespace layersweep::test {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int runs_to_the_end = 5;
constexpr int tries = 40;
constexpr std::chrono::seconds prompt_end{20};
constexpr std::chrono::seconds longest_run{90};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

std::chrono::milliseconds since(steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start);
}

/// One sweep that is disturbed once.
class Attack {
public:
    Attack(const FaultSweep& sweep, const Kill& kill, const Moment& moment, std::mt19937_64& random)
        : sweep_(sweep), kill_(kill), moment_(moment), random_(random), program_(start()) {}

    /// False: the sweep ended without such a moment.
    bool strike() {
        if (!provoke()) return false;
        while (wait_for_moment()) {
            before_ = sweep_.account();
            target_ = target();
            if (target_ != 0) break;
            sweep_.gate().pass();
        }
        if (target_ == 0) return false;
        struck_ = steady_clock::now();
        ::kill(target_, kill_.signal);
        sweep_.gate().open();
        return true;
    }

    /// How the disturbed run ended; nullopt: it hangs.
    std::optional<Ended> outcome(Tally& tally) {
        if (kill_.is_a_pause()) {
            std::this_thread::sleep_for(200ms + random_() % 1500 * 1ms);
            ::kill(target_, SIGCONT);
        }
        if (kill_.is_of_worker() && kill_.signal == SIGKILL) measure_notice(tally);
        auto ended = program_.wait_for(kill_.ends_the_sweep() ? prompt_end : longest_run);
        if (kill_.ends_the_sweep() && sweep_.all_gone_within(prompt_end)) tally.longest_end = std::max(tally.longest_end, since(struck_));
        return ended;
    }

    [[nodiscard]] const Account& before() const { return before_; }
    /// What a run that was disturbed so ends with.
    [[nodiscard]] int expected_exit() const {
        if (kill_.signal == SIGKILL && kill_.victim == Victim::launcher) return 128 + SIGKILL;
        return kill_.ends_the_sweep() || moment_.kind == "abandoned" ? 75 : 3;
    }

private:
    Program start() {
        const std::vector<std::string> shuffled{"--shuffle", std::to_string(random_() % 1000)};
        if (moment_.is_random()) return sweep_.start(shuffled);
        const int nth = moment_.kind == "assigned" ? 4 : moment_.kind == "finished" ? 1 + int(random_() % 4) : 1;
        return sweep_.start_paused(sweep_.gate().at(moment_.kind, moment_.point, nth), shuffled);
    }

    /// Whatever has to happen first for such a line to be written.
    bool provoke() {
        if (moment_.kind != "worker_lost" && moment_.kind != "abandoned" && !moment_.is_random()) return true;
        if (!wait_until([this] { return sweep_.account().running.size() >= 2 || program_.wait_for(0ms); }, longest_run)) return false;
        if (moment_.is_random()) std::this_thread::sleep_for(random_() % 2000 * 1ms);
        if (moment_.kind == "abandoned") program_.signal(SIGUSR1);
        if (moment_.kind == "worker_lost") {
            const auto running = sweep_.account().running;
            if (running.empty()) return false;
            const pid_t worker = rank_of(sweep_.mark(), running.begin()->second.workers.front());
            if (worker != 0) ::kill(worker, SIGKILL);
        }
        return true;
    }

    bool wait_for_moment() {
        if (moment_.is_random()) {
            std::this_thread::sleep_for(10ms);
            return !program_.wait_for(0ms);
        }
        bool ended = false;
        return wait_until([&] { return sweep_.gate().is_reached() || (ended = program_.wait_for(0ms).has_value()); }, longest_run) && !ended;
    }

    /// 0: nobody of this kind runs a trial now, as the ledger has it.
    pid_t target() {
        std::vector<int> ranks;
        for (const auto& [key, running] : before_.running)
            if ((kill_.victim == Victim::worker) == (running.workers.size() == 1))
                ranks.push_back(running.workers[random_() % running.workers.size()]);
        if (before_.running.empty()) return 0;
        switch (kill_.victim) {
            case Victim::launcher:
                return program_.pid();
            case Victim::mpirun:
                return mpirun_of(sweep_.mark(), program_.pid());
            case Victim::coordinator:
                return rank_of(sweep_.mark(), 0);
            case Victim::worker:
            case Victim::gang_member:
                return ranks.empty() ? 0 : rank_of(sweep_.mark(), ranks[random_() % ranks.size()]);
        }
        return 0;
    }

    void measure_notice(Tally& tally) {
        const int told = before_.lines["worker_lost"];
        const auto noticed = [&] {
            auto account = sweep_.account();
            return account.lines["worker_lost"] > told || account.lines["completed"] > 0 || account.lines["stopped"] > 0;
        };
        // A worker_lost that waits to be written at the gate is another's.
        if (moment_.kind == "worker_lost") return;
        EXPECT_TRUE(wait_until(noticed, 10s)) << "the killed worker is not missed";
        if (sweep_.account().lines["worker_lost"] > told) tally.longest_notice = std::max(tally.longest_notice, since(struck_));
    }

    const FaultSweep& sweep_;
    Kill kill_;
    Moment moment_;
    std::mt19937_64& random_;
    Program program_;
    Account before_;
    pid_t target_ = 0;
    steady_clock::time_point struck_;
};

class Kills : public ::testing::Test {
protected:
    void SetUp() override {
        const FaultSweep sweep(scratch_.path(), "undisturbed");
        const auto ended = sweep.start().wait_for(longest_run);
        ASSERT_TRUE(ended && ended->exit_code == 3) << (ended ? ended->output : "it hangs");
        whole_ = sweep.account();
        csv_ = sweep.csv();
        ASSERT_EQ(whole_.results.size(), 11u);
        ASSERT_EQ(whole_.set_aside.size(), 1u);
        ASSERT_NE(whole_.set_aside.begin()->second.why.find("not-a-number"), std::string::npos);
    }

    /// False: nobody was there to be struck.
    bool strike(const std::string& name, const Kill& kill) {
        const FaultSweep sweep(scratch_.path(), name);
        Attack attack(sweep, kill, tally_.moments[kill.moment], random_);
        if (!attack.strike()) return false;
        const auto ended = attack.outcome(tally_);
        EXPECT_TRUE(ended.has_value()) << "it hangs; so far:\n" << read_text(sweep.log());
        if (ended) {
            EXPECT_EQ(ended->exit_code, attack.expected_exit()) << ended->output;
        }
        if (!sweep.all_gone_within(prompt_end)) tally_.orphans += end_orphans(sweep.mark());
        bring_to_the_end(sweep);
        judge(sweep, attack.before());
        std::filesystem::remove_all(sweep.results().parent_path());
        return true;
    }

    void bring_to_the_end(const FaultSweep& sweep) {
        for (int run = 0; run < runs_to_the_end && !sweep.account().is_as_complete_as(whole_); ++run) {
            const auto again = sweep.start().wait_for(longest_run);
            ASSERT_TRUE(again.has_value()) << "it hangs; so far:\n" << read_text(sweep.log());
        }
    }

    void judge(const FaultSweep& sweep, const Account& before) {
        const auto after = sweep.account();
        for (const auto& [key, attempts] : whole_.results) {
            const auto found = after.results.find(key);
            if (found == after.results.end()) ++tally_.lost;
            if (found != after.results.end() && found->second.size() > 1) ++tally_.doubled;
            const auto known = before.results.find(key);
            if (known != before.results.end() && found != after.results.end() && found->second != known->second) ++tally_.lost;
        }
        EXPECT_EQ(after.results.size(), whole_.results.size());
        EXPECT_EQ(after.set_aside, whole_.set_aside);
        EXPECT_EQ(sweep.csv(), csv_);
    }

    TemporaryDirectory scratch_;
    std::mt19937_64 random_;
    Account whole_;
    std::string csv_;
    Tally tally_{all_moments()};
};

TEST_F(Kills, LoseAndDoubleNothingAndLeaveNoOrphan) {
    const auto wanted = number_from("LAYERSWEEP_KILLS", 20);
    const auto seed = number_from("LAYERSWEEP_KILL_SEED", std::random_device()());
    fmt::print("{} kills, LAYERSWEEP_KILL_SEED={}\n", wanted, seed);
    for (std::uint64_t n = 0; n < wanted; ++n) {
        const auto kill = nth_kill(n, tally_.moments.size());
        const auto what = fmt::format("kill {}: {} {} at {}", n, kill.signal == SIGKILL ? "SIGKILL" : "SIGSTOP",
                                      victim_names[static_cast<std::size_t>(kill.victim)], tally_.moments[kill.moment].name());
        SCOPED_TRACE(what);
        random_.seed(seed + n);
        const auto start = steady_clock::now();
        int tried = 1;
        while (tried <= tries && !strike(fmt::format("{}-{}", n, tried), kill)) ++tried, ++tally_.not_counted;
        ASSERT_LE(tried, tries) << "no such moment came";
        tally_.count(kill);
        fmt::print("{} ({} ms, try {})\n", what, since(start).count(), tried);
        std::fflush(stdout);
    }
    fmt::print("{}", tally_.text());
    EXPECT_EQ(tally_.lost, 0u);
    EXPECT_EQ(tally_.doubled, 0u);
    EXPECT_EQ(tally_.orphans, 0u);
    if (wanted >= 95) {
        EXPECT_EQ(tally_.empty_cells(), 0u);
    }
}

}  // namespace

}  // namespace layersweep::test
