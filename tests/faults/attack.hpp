#pragma once

#include <random>

#include "tests/faults/tally.hpp"
#include "tests/faults/undisturbed.hpp"

namespace layersweep::test {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

inline std::chrono::milliseconds since(steady_clock::time_point start) {
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

    /// A worker that freezes when its coordinator is leaving is nobody's to give up.
    [[nodiscard]] bool may_need_force() const {
        return kill_.is_of_worker() && kill_.signal == SIGSTOP && moment_.name() == "abandoned synced";
    }

private:
    Program start() {
        const std::vector<std::string> shuffled{"--shuffle", std::to_string(random_() % 1000)};
        if (moment_.is_random()) return sweep_.start(shuffled);
        const int nth = moment_.kind == "assigned" ? 4 : moment_.kind == "finished" ? 1 + int(random_() % 3) : 1;
        return sweep_.start_paused(sweep_.gate().at(moment_.kind, moment_.point, nth), shuffled);
    }

    /// Whatever has to happen first for such a line to be written.
    bool provoke() {
        if (moment_.kind != "worker_lost" && moment_.kind != "abandoned" && !moment_.is_random()) return true;
        bool ended = false;
        const auto ready = [&] {
            before_ = sweep_.account();
            ended = program_.wait_for(0ms).has_value();
            return ended || one_more_than_the_victim();
        };
        if (!wait_until(ready, longest_run) || ended) return false;
        if (moment_.is_random()) std::this_thread::sleep_for(random_() % 1000 * 1ms);
        if (moment_.kind == "abandoned") program_.signal(SIGUSR1);
        if (moment_.kind == "worker_lost") ::kill(rank_of(sweep_.mark(), *one_more_than_the_victim()), SIGKILL);
        return true;
    }

    [[nodiscard]] bool may_be_struck(const Account::Running& trial) const {
        return !kill_.is_of_worker() || (kill_.victim == Victim::worker) == (trial.workers.size() == 1);
    }
    /// A worker of a trial beside which another runs that this kill can be of.
    [[nodiscard]] std::optional<int> one_more_than_the_victim() const {
        for (const auto& [key, trial] : before_.running)
            for (const auto& [other_key, other] : before_.running)
                if (key != other_key && may_be_struck(other) && rank_of(sweep_.mark(), trial.workers.front()) != 0)
                    return trial.workers.front();
        return std::nullopt;
    }

    bool wait_for_moment() {
        if (moment_.is_random()) {
            std::this_thread::sleep_for(10ms);
            return !program_.wait_for(0ms);
        }
        bool ended = false;
        return wait_until([&] { return sweep_.gate().is_reached() || (ended = program_.wait_for(0ms).has_value()); }, longest_run) &&
               !ended;
    }

    /// 0: nobody of this kind runs a trial now, as the ledger has it.
    pid_t target() {
        // The first sync after an abandoned is that of `stopped`, when nothing runs any more but what was just abandoned.
        const auto& at_work = moment_.name() == "abandoned synced" ? before_.abandoned : before_.running;
        std::vector<int> ranks;
        for (const auto& [key, trial] : at_work)
            if (may_be_struck(trial)) ranks.push_back(trial.workers[random_() % trial.workers.size()]);
        if (ranks.empty()) return 0;
        switch (kill_.victim) {
            case Victim::launcher:
                return program_.pid();
            case Victim::mpirun:
                return mpirun_of(sweep_.mark(), program_.pid());
            case Victim::coordinator:
                return rank_of(sweep_.mark(), 0);
            case Victim::worker:
            case Victim::gang_member:
                return rank_of(sweep_.mark(), ranks[random_() % ranks.size()]);
        }
        return 0;
    }

    void measure_notice(Tally& tally) {
        if (moment_.kind == "worker_lost") return;  // the one that waits to be written is another's
        const int told = before_.lines["worker_lost"];
        const auto noticed = [&] {
            auto account = sweep_.account();
            return account.lines["worker_lost"] > told || account.lines["completed"] > 0 || account.lines["stopped"] > 0;
        };
        EXPECT_TRUE(wait_until(noticed, 10s)) << "the killed worker is not missed";
        auto account = sweep_.account();
        if (account.lines["worker_lost"] <= told) return;
        tally.longest_notice = std::max(tally.longest_notice, since(struck_));
        EXPECT_EQ(account.last_loss.find("silent"), std::string::npos) << "MPI did not see it: " << account.last_loss;
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

}  // namespace layersweep::test
