#include "orchestrator/ledger/holder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "protocol/errors.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

using testing::HasSubstr;

ProcessIdentity process(std::int64_t pid) {
    return {.host = "n1", .boot_id = "boot-1", .pid = pid, .start_time = 100 + static_cast<std::uint64_t>(pid)};
}
std::uint64_t all_alive(std::int64_t pid) {
    return 100 + static_cast<std::uint64_t>(pid);
}
std::uint64_t all_dead(std::int64_t) {
    return 0;
}

struct Holder : testing::Test {
    test::TemporaryDirectory directory;
    ResultsFolder folder{directory.path()};

    void left_behind(const ProcessIdentity& by) {
        directory.write("ledger/holder.json", "");
        auto held = std::make_unique<LedgerHolder>(ResultsFolder{directory.path() / "other"}, by, TakeOver::if_gone, all_alive);
        std::filesystem::copy_file(directory.path() / "other/ledger/holder.json", folder.holder(),
                                   std::filesystem::copy_options::overwrite_existing);
    }
    std::string refusal(const ProcessIdentity& self, const StartTimeOf& look) {
        return test::refusal([&] { const LedgerHolder holder(folder, self, TakeOver::if_gone, look); });
    }
};

TEST_F(Holder, SecondHolderIsRefusedByName) {
    LedgerHolder first(folder, process(17), TakeOver::if_gone, all_alive);
    const std::string message = refusal(process(18), all_alive);
    EXPECT_THAT(message, HasSubstr("process 17 on n1"));
    EXPECT_THAT(message, HasSubstr("--take-over"));
    EXPECT_EQ(holder_of(folder), process(17));
}

TEST_F(Holder, IsGoneAfterACleanEndWithNothingLeftBehind) {
    { LedgerHolder first(folder, process(17), TakeOver::if_gone, all_alive); }
    EXPECT_EQ(holder_of(folder), std::nullopt);
    EXPECT_TRUE(std::filesystem::is_empty(folder.ledger()));
}

TEST_F(Holder, ADeadOneOfTheSameBootIsTakenOver) {
    left_behind(process(17));
    LedgerHolder second(folder, process(18), TakeOver::if_gone, all_dead);
    EXPECT_EQ(holder_of(folder), process(18));
}

TEST_F(Holder, APidThatCameRoundAgainIsNotTheHolder) {
    left_behind(process(17));
    LedgerHolder second(folder, process(18), TakeOver::if_gone, [](std::int64_t) { return std::uint64_t{999}; });
    EXPECT_EQ(holder_of(folder), process(18));
}

TEST_F(Holder, AnotherBootOfTheSameHostIsTakenOver) {
    ProcessIdentity before = process(17);
    before.boot_id = "boot-0";
    left_behind(before);
    LedgerHolder second(folder, process(18), TakeOver::if_gone, all_alive);
    EXPECT_EQ(holder_of(folder), process(18));
}

TEST_F(Holder, AnotherHostCannotBeJudged) {
    ProcessIdentity elsewhere = process(17);
    elsewhere.host = "n2";
    left_behind(elsewhere);
    EXPECT_THAT(refusal(process(18), all_dead), HasSubstr("process 17 on n2"));
    LedgerHolder second(folder, process(18), TakeOver::always, all_dead);
    EXPECT_EQ(holder_of(folder), process(18));
}

TEST_F(Holder, AnEarlierStartOfTheSameSlurmJobIsTakenOver) {
    ProcessIdentity before = process(17), after = process(18);
    before.host = "n2";
    before.slurm_job = after.slurm_job = "4711";
    before.slurm_restart = 1;
    left_behind(before);
    after.slurm_restart = 1;
    EXPECT_THAT(refusal(after, all_dead), HasSubstr("Slurm job 4711, restart 1"));
    after.slurm_restart = 2;
    LedgerHolder second(folder, after, TakeOver::if_gone, all_dead);
    EXPECT_EQ(holder_of(folder), after);
}

TEST_F(Holder, AnUnreadableFileIsNotTakenOverWithoutAWord) {
    directory.write("ledger/holder.json", "{\"host\": \"n1");
    EXPECT_THAT(refusal(process(18), all_dead), HasSubstr("cannot be read"));
    LedgerHolder second(folder, process(18), TakeOver::always, all_dead);
    EXPECT_EQ(holder_of(folder), process(18));
}

TEST_F(Holder, WhoWasRobbedLeavesTheFileAlone) {
    auto first = std::make_unique<LedgerHolder>(folder, process(17), TakeOver::if_gone, all_alive);
    LedgerHolder second(folder, process(18), TakeOver::always, all_alive);
    first.reset();
    EXPECT_EQ(holder_of(folder), process(18));
}

TEST_F(Holder, IsToldBeforeAnythingStartsUnlessItIsGoneOrRobbed) {
    EXPECT_NO_THROW(refuse_if_held(folder, TakeOver::if_gone));
    const LedgerHolder held(folder, current_process(), TakeOver::if_gone);
    EXPECT_EQ(living_holder_of(folder), current_process());
    EXPECT_THROW(refuse_if_held(folder, TakeOver::if_gone), ConfigError);
    EXPECT_NO_THROW(refuse_if_held(folder, TakeOver::always));
    ProcessIdentity before = current_process();
    before.boot_id = "boot-0";
    left_behind(before);
    EXPECT_EQ(living_holder_of(folder), std::nullopt);
    EXPECT_NO_THROW(refuse_if_held(folder, TakeOver::if_gone));
}

TEST(ProcessIdentity, KnowsThatItselfIsAliveAndAChildThatEndedIsNot) {
    const ProcessIdentity self = current_process();
    EXPECT_GT(self.start_time, 0U);
    EXPECT_FALSE(self.host.empty());
    EXPECT_FALSE(is_provably_gone(self, self, start_time_of));

    const pid_t child = fork();
    if (child == 0) _exit(0);
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
    ProcessIdentity other = self;
    other.pid = child;
    EXPECT_TRUE(is_provably_gone(other, self, start_time_of)) << "a process that ended and was not waited for";
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(is_provably_gone(other, self, start_time_of));
}

}  // namespace
}  // namespace layersweep
