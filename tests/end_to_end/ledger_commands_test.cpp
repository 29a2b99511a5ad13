#include <fstream>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// The small sweep and what may be asked about its results folder.
class LedgerCommands : public SmallSweep {
protected:
    /// A sweep in which the four trials of tiny-opt in mode cls cannot be done.
    [[nodiscard]] std::string hopeless() const {
        const auto text = read_text(small_) + "override:\n  - match: { model: tiny-opt, mode: cls }\n    set: { learning_rate: 1.0e30 }\n";
        return scratch_.write("hopeless.yaml", text);
    }
    [[nodiscard]] Ended ask(const std::vector<std::string>& arguments) const {
        return run_layersweep(arguments, log("asked"), environment());
    }
    void expect(const Ended& ended, int exit_code, const std::vector<std::string>& told) const {
        EXPECT_EQ(ended.exit_code, exit_code) << ended.output;
        for (const auto& words : told)
            EXPECT_NE(ended.output.find(words), std::string::npos) << "not told: " << words << "\n" << ended.output;
    }
    void damage_first(const std::string& name, const std::string& words) const {
        const auto path = folder(name) + "/ledger/0-000001.jsonl";
        auto text = read_text(path);
        const auto at = text.find(words);
        ASSERT_NE(at, std::string::npos);
        text[at] = '#';
        std::ofstream(path, std::ios::binary) << text;
    }
    [[nodiscard]] bool wait_for_holder(const std::string& name) const {
        return wait_until([&] { return std::filesystem::exists(folder(name) + "/ledger/holder.json"); }, std::chrono::seconds(60));
    }
};

TEST_F(LedgerCommands, ExplainTellsWhatBecameOfATrialAndHow) {
    expect(run("r", 2, {}, hopeless()), 3, {});
    expect(ask({"explain", folder("r"), "model=tiny-opt,dataset=trec,mode=cls,layers=1"}), 0,
           {"set aside: not-a-number", "layersweep retry", "life 1", "attempt 1", "began", "failed: not-a-number", "was set aside"});
    expect(ask({"explain", folder("r"), "model=tiny-gpt2,dataset=trec,mode=cls,layers=1"}), 0,
           {"finished: accuracy", "1 worker of 1 thread", "began"});
    expect(ask({"explain", folder("r"), "model=tiny-opt"}), 2, {"names 12 trials"});
    expect(ask({"explain", folder("r"), "no-such-key"}), 2, {"no trial's key begins so"});
}

TEST_F(LedgerCommands, RetryPutsBackWhatWasSetAside) {
    expect(run("r", 2, {}, hopeless()), 3, {});
    expect(ask({"retry", folder("r"), "model=tiny-gpt2"}), 0, {"none of the 12 trials that 'model=tiny-gpt2' names is set aside"});
    expect(ask({"status", folder("r"), "--exit-code"}), 3, {"4 set aside"});
    expect(ask({"retry", folder("r"), "dataset=trec,mode=cls"}), 0,
           {"model=tiny-opt,dataset=trec,mode=cls,layers=2", "2 trials are put back", "2 more that 'dataset=trec,mode=cls' names are not"});
    expect(ask({"status", folder("r"), "--exit-code"}), 75, {"2 waiting, 2 set aside"});
    expect(ask({"explain", folder("r"), "model=tiny-opt,dataset=trec,mode=cls,layers=1"}), 0,
           {"waiting", "nobody runs the sweep", "was put back"});
    expect(ask({"retry", folder("r")}), 0, {"2 trials are put back"});
    expect(ask({"retry", folder("r")}), 0, {"no trial of sweep small is set aside"});
    const auto again = run("r", 2, {}, hopeless());
    EXPECT_EQ(again.exit_code, 3) << again.output;
    EXPECT_EQ(count(ledger("r"), "\"set_aside\""), 8u) << "each of the four was tried again";
}

TEST_F(LedgerCommands, ARunningSweepIsNotChanged) {
    auto program = start("r");
    ASSERT_TRUE(wait_for_holder("r"));
    expect(ask({"retry", folder("r")}), 2, {"held by process"});
    expect(ask({"ledger", "check", folder("r"), "--repair"}), 2, {"held by process"});
    EXPECT_EQ(program.wait().exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(folder("r") + "/ledger/0-000002.jsonl"));
}

TEST_F(LedgerCommands, ADamagedLedgerIsToldRepairedAndGoneOnFrom) {
    expect(run("r"), 0, {});
    const auto whole = results("r");
    expect(ask({"ledger", "check", folder("r")}), 0, {"0-000001.jsonl  life 1", "the ledger is sound"});
    expect(ask({"ledger", "check", folder("r"), "--repair"}), 0, {"sound: nothing was written"});
    damage_first("r", "\"finished\"");
    const auto damaged = read_text(folder("r") + "/ledger/0-000001.jsonl");
    expect(ask({"ledger", "check", folder("r")}), 70, {"cannot be read: 0-000001.jsonl: bytes", "a line is damaged", "--repair"});
    EXPECT_EQ(run("r").exit_code, 70);

    expect(ask({"ledger", "check", folder("r"), "--repair"}), 0, {"lost", "23 results", "replaced by a repaired segment", "is sound"});
    EXPECT_EQ(read_text(folder("r") + "/ledger/0-000001.jsonl"), damaged) << "old segments are not touched";
    expect(ask({"status", folder("r"), "--exit-code"}), 75, {"23 of 24 trials done"});
    EXPECT_EQ(run("r").exit_code, 0);
    EXPECT_EQ(results("r"), whole);
    expect(ask({"ledger", "check", folder("r")}), 0, {"0-000003.jsonl", "is sound"});
}

TEST_F(LedgerCommands, AnEditedSweepKeepsWhatStaysAndSaysWhatChanged) {
    expect(run("r", 2, {}, changed("narrow", {{"layers: [1, 2]", "layers: [1]"}})), 0, {});
    const auto wider = run("r");
    expect(wider, 0, {"the sweep file changed: 12 trials stay (12 with results), 12 are new\n"});
    EXPECT_EQ(count(ledger("r"), "\"finished\""), 24u) << "nothing ran twice";
    EXPECT_EQ(run("r").output.find("the sweep file changed"), std::string::npos);
    expect(run("r", 2, {}, changed("narrow", {{"layers: [1, 2]", "layers: [1]"}})), 0,
           {"12 trials stay (12 with results), 12 are gone (their results stay in the ledger)"});
    EXPECT_EQ(count(results("r"), "\n"), 13u) << "those that are gone leave the report";
}

TEST_F(LedgerCommands, AModelThatWasReplacedIsNamed) {
    std::filesystem::copy(LAYERSWEEP_SOURCE_DIR "/configs/demo/models/tiny-opt", folder("model"));
    const auto sweep = changed("moved", {{"${DEMO}/models/tiny-opt", folder("model")}});
    expect(run("r", 2, {}, sweep), 0, {});
    std::ofstream(folder("model") + "/config.json", std::ios::app) << "\n";
    expect(run("r", 2, {}, sweep), 0,
           {"12 trials stay (12 with results), 12 are new, 12 are gone",
            "model tiny-opt (" + folder("model") + ") is not the one of the earlier results: 12 trials are new"});
}

}  // namespace

}  // namespace layersweep::test
