// Kills at every kind of ledger line, at its three points, and at random times, while a trial is running: LAYERSWEEP_KILLS of them,
// repeatable by LAYERSWEEP_KILL_SEED.
#include "tests/faults/attack.hpp"

namespace layersweep::test {

namespace {

constexpr int tries = 40;

class Kills : public FaultTest {
protected:
    /// False: nobody was there to be struck.
    bool strike(const std::string& name, const Kill& kill) {
        const FaultSweep sweep(scratch_.path(), name);
        Attack attack(sweep, kill, tally_.moments[kill.moment], random_);
        if (!attack.strike()) return false;
        const auto ended = attack.outcome(tally_);
        EXPECT_TRUE(ended.has_value()) << "it hangs; so far:\n" << read_text(sweep.log());
        if (ended) {
            EXPECT_EQ(ended->exit_code, attack.expected_exit()) << ended->output;
            EXPECT_TRUE(attack.may_need_force() || ended->output.find("by force") == std::string::npos) << ended->output;
        }
        if (!sweep.all_gone_within(prompt_end)) tally_.orphans += end_orphans(sweep.mark());
        bring_to_the_end(sweep);
        judge(sweep, attack.before());
        std::filesystem::remove_all(sweep.results().parent_path());
        return true;
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
        expect_whole(sweep);
    }

    std::mt19937_64 random_;
    Tally tally_{all_moments()};
};

TEST_F(Kills, LoseAndDoubleNothingAndLeaveNoOrphan) {
    const auto wanted = number_from("LAYERSWEEP_KILLS", 20);
    const auto first = number_from("LAYERSWEEP_FIRST_KILL", 0);  // to repeat one
    const auto seed = number_from("LAYERSWEEP_KILL_SEED", std::random_device()());
    fmt::print("{} kills, LAYERSWEEP_KILL_SEED={}\n", wanted, seed);
    for (std::uint64_t n = first; n < first + wanted; ++n) {
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
