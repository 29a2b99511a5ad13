#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// The dynamic loader's own account of every library that a process opened, one file per process.
std::map<std::string, std::string> loader_accounts(const std::filesystem::path& folder) {
    std::map<std::string, std::string> accounts;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) accounts[entry.path().filename()] = read_text(entry.path());
    return accounts;
}

bool has_torch(const std::string& account) {
    return account.find("libtorch") != std::string::npos || account.find("libc10") != std::string::npos;
}

TEST_F(SmallSweep, PlanStatusAndReportNeverLoadLibTorch) {
    ASSERT_EQ(run("loaded", 2).exit_code, 0);
    std::filesystem::create_directory(folder("accounts"));
    auto with_account = environment();
    with_account["LD_DEBUG"] = "files";
    with_account["LD_DEBUG_OUTPUT"] = folder("accounts") + "/account";
    ASSERT_EQ(run_layersweep({"plan", small_}, log("plan"), with_account).exit_code, 0);
    ASSERT_EQ(run_layersweep({"status", folder("loaded")}, log("status"), with_account).exit_code, 0);
    ASSERT_EQ(run_layersweep({"report", folder("loaded")}, log("report"), with_account).exit_code, 0);
    const auto accounts = loader_accounts(folder("accounts"));
    ASSERT_EQ(accounts.size(), 3u);
    for (const auto& [name, account] : accounts) {
        EXPECT_NE(account.find("libyaml-cpp"), std::string::npos) << "the account is empty";
        EXPECT_FALSE(has_torch(account)) << name;
    }
}

TEST_F(SmallSweep, TheCoordinatorNeverLoadsLibTorchAndTheWorkersDo) {
    std::filesystem::create_directory(folder("accounts"));
    auto with_account = environment();
    with_account["LD_DEBUG"] = "files";
    with_account["LD_DEBUG_OUTPUT"] = folder("accounts") + "/account";
    ASSERT_EQ(run_layersweep({"run", small_, "--results", folder("loaded")}, log("run"), with_account).exit_code, 0);
    int programs = 0, workers = 0;
    for (const auto& [name, account] : loader_accounts(folder("accounts"))) {
        if (account.find("initialize program: " + layersweep_program()) == std::string::npos) continue;
        ++programs;
        workers += has_torch(account);
    }
    EXPECT_EQ(workers, 2);
    EXPECT_GE(programs, 4) << "launcher, coordinator, two workers";
}

}  // namespace

}  // namespace layersweep::test
