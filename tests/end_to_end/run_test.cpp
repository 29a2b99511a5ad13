#include <csignal>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

constexpr std::size_t trials = 24;

TEST_F(SmallSweep, ResultsAreTheSameBytesForAnyNumberOfWorkersAndAnyOrder) {
    const auto two = run("two", 2);
    ASSERT_EQ(two.exit_code, 0) << two.output;
    ASSERT_EQ(count(results("two"), "\n"), trials + 1);
    ASSERT_EQ(run("one", 1).exit_code, 0);
    ASSERT_EQ(run("four", 4).exit_code, 0);
    ASSERT_EQ(run("shuffled", 2, {"--shuffle", "7"}).exit_code, 0);
    EXPECT_EQ(results("one"), results("two"));
    EXPECT_EQ(results("four"), results("two"));
    EXPECT_EQ(results("shuffled"), results("two"));
}

/// The ranks that are workers: they have LibTorch mapped.
std::vector<pid_t> workers_below(pid_t launcher) {
    std::vector<pid_t> workers;
    for (const auto pid : descendants(launcher))
        if (read_text("/proc/" + std::to_string(pid) + "/maps").find("libtorch_cpu.so") != std::string::npos) workers.push_back(pid);
    return workers;
}

TEST_F(SmallSweep, AKilledWorkersTrialIsDoneByAnotherAndTheBytesAreTheSame) {
    ASSERT_EQ(run("whole", 2).exit_code, 0);
    auto program = start("killed", 3);
    ASSERT_TRUE(wait_until([&] { return count(ledger("killed"), "\"finished\"") >= 2; }, std::chrono::seconds(60)));
    const auto workers = workers_below(program.pid());
    ASSERT_FALSE(workers.empty());
    kill(workers.front(), SIGKILL);
    const auto ended = program.wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.output;
    EXPECT_NE(ledger("killed").find("worker_lost"), std::string::npos) << "the kill came too late to matter";
    EXPECT_EQ(results("killed"), results("whole"));
}

TEST_F(SmallSweep, StoppedBySignalItEndsWith75AndTheSameCommandGoesOn) {
    auto program = start("stopped");
    ASSERT_TRUE(wait_until([&] { return count(ledger("stopped"), "\"finished\"") >= 1; }, std::chrono::seconds(60)));
    program.signal(SIGTERM);
    const auto stopped = program.wait();
    ASSERT_EQ(stopped.exit_code, 75) << stopped.output;
    const auto before = count(ledger("stopped"), "\"finished\"");
    ASSERT_LT(before, trials);

    const auto status = run_layersweep({"status", folder("stopped"), "--exit-code"}, log("status"));
    EXPECT_EQ(status.exit_code, 75) << status.output;
    const auto resumed = run("stopped", 2);
    EXPECT_EQ(resumed.exit_code, 0) << resumed.output;
    EXPECT_EQ(count(ledger("stopped"), "\"finished\""), trials) << "every trial has exactly one result";
    ASSERT_EQ(run("whole", 2).exit_code, 0);
    EXPECT_EQ(results("stopped"), results("whole"));
}

TEST_F(SmallSweep, AKilledLauncherLeavesNoOrphanAndTheSameCommandGoesOn) {
    auto program = start("orphans");
    ASSERT_TRUE(wait_until([&] { return count(ledger("orphans"), "\"finished\"") >= 1; }, std::chrono::seconds(60)));
    const auto ranks = descendants(program.pid());
    ASSERT_GE(ranks.size(), 3u);
    program.signal(SIGKILL);
    (void)program.wait();
    EXPECT_TRUE(wait_until([&] { return std::ranges::none_of(ranks, is_alive); }, std::chrono::seconds(30)));
    const auto resumed = run("orphans", 2);
    EXPECT_EQ(resumed.exit_code, 0) << resumed.output;
    EXPECT_EQ(count(results("orphans"), "\n"), trials + 1);
}

TEST_F(SmallSweep, RunAgainWhenDoneRunsNothing) {
    ASSERT_EQ(run("done", 2).exit_code, 0);
    const auto first = results("done");
    EXPECT_EQ(run("done", 2).exit_code, 0);
    EXPECT_EQ(count(ledger("done"), "\"finished\""), trials);
    EXPECT_EQ(results("done"), first);
}

TEST_F(SmallSweep, MissingRowsAreToldOfTheDataSetsThatTrialsUse) {
    const auto both = run_layersweep({"plan", small_}, log("both"), environment());
    EXPECT_EQ(both.exit_code, 0) << both.output;
    for (const std::string name : {"trec", "sst2"}) EXPECT_NE(both.output.find("note: " + name + ": 600 of the"), std::string::npos);
    const auto one = run_layersweep({"plan", changed("one", {{"dataset: [trec, sst2]", "dataset: [trec]"}})}, log("one"), environment());
    EXPECT_EQ(one.exit_code, 0) << one.output;
    EXPECT_NE(one.output.find("note: trec: 600 of the"), std::string::npos) << one.output;
    EXPECT_EQ(one.output.find("note: sst2"), std::string::npos) << one.output;
}

TEST_F(SmallSweep, EveryReportFileIsThere) {
    ASSERT_EQ(run("files", 2).exit_code, 0);
    for (const char* name : {"results.csv", "timings.csv", "summary.csv", "curves.csv", "table.md", "sweep.resolved.yaml", "grid.jsonl"})
        EXPECT_GT(std::filesystem::file_size(folder("files") + "/" + name), 0u) << name;
    const auto csv = results("files");
    EXPECT_EQ(csv.rfind("key,model,dataset,mode,layers,seed,accuracy,macro_f1,best_epoch", 0), 0u) << csv.substr(0, 200);
    const auto key = csv.substr(csv.find('\n') + 1, 32);
    EXPECT_EQ(count(read_text(folder("files") + "/predictions/" + key + ".csv"), "\n"), 41u) << "40 test rows and a header";
    const auto written = read_text(folder("files") + "/table.md");
    const auto report = run_layersweep({"report", folder("files")}, log("report"));
    EXPECT_EQ(report.exit_code, 0);
    EXPECT_NE(report.output.find("tiny-gpt2"), std::string::npos);
    EXPECT_EQ(results("files"), csv);
    EXPECT_EQ(read_text(folder("files") + "/table.md"), written);
}

TEST_F(SmallSweep, WhatATrialTakesIsForeseenMeasuredAndCompared) {
    ASSERT_EQ(run("seconds", 2).exit_code, 0);
    const auto plan = run_layersweep({"plan", small_}, log("plan"), environment());
    EXPECT_EQ(plan.exit_code, 0) << plan.output;
    EXPECT_NE(plan.output.find("\nshortcuts\n  vocabulary: on"), std::string::npos) << plan.output;
    EXPECT_NE(plan.output.find("\nforeseen: at least 0:0"), std::string::npos) << plan.output;
    EXPECT_NE(plan.output.find("what a machine of this kind was measured to do"), std::string::npos) << "the run's workers measured it";
    const auto status = run_layersweep({"status", folder("seconds")}, log("status"));
    EXPECT_NE(status.output.find("measured / foreseen: median "), std::string::npos) << status.output;
    EXPECT_GE(count(ledger("seconds"), "\"measured\""), 1) << "what the machine can do is kept with the results";
    const auto timings = read_text(folder("seconds") + "/timings.csv");
    EXPECT_EQ(count(timings, ",,"), 0) << "predicted_s, floor_fraction and shortcuts are known of every trial";
    EXPECT_GE(count(timings, ",vocabulary label_position"), trials / 2) << timings;
}

TEST_F(SmallSweep, TheResolvedConfigurationGivesTheSameTrials) {
    ASSERT_EQ(run("first", 2).exit_code, 0);
    const auto again = run("second", 2, {}, folder("first") + "/sweep.resolved.yaml");
    ASSERT_EQ(again.exit_code, 0) << again.output;
    EXPECT_EQ(results("second"), results("first"));
}

}  // namespace

}  // namespace layersweep::test
