#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// One mistake in the small sweep, and what the message must name.
struct Mistake {
    const char* name;
    const char* from;
    const char* to;
    std::vector<std::string> told;
};

const std::vector<Mistake>& mistakes() {
    static const std::vector<Mistake> all{
        {"unknown key", "  shots: 8", "  shot: 8", {"bad.yaml:", "shot", "shots"}},
        {"unknown mode", "[lm, p-cls, cls]", "[lm, pcls]", {"bad.yaml:", "pcls", "p-cls"}},
        {"unknown model", "model: [tiny-gpt2, tiny-opt]", "model: [tiny-gpt]", {"bad.yaml:", "tiny-gpt"}},
        {"too many layers", "layers: [1, 2]", "layers: [1, 99]", {"99", "4"}},
        {"unset variable", "${DEMO}/models/tiny-opt", "${NO_SUCH_VARIABLE}/x", {"bad.yaml:", "NO_SUCH_VARIABLE"}},
        {"missing folder", "${DEMO}/models/tiny-opt", "${DEMO}/models/none", {"none"}},
        {"no number", "  epochs: 2", "  epochs: many", {"bad.yaml:", "many"}},
        {"negative", "  batch: 8", "  batch: -8", {"bad.yaml:", "-8"}},
        {"batch not divisible", "resources: {", "resources: { gang: 3,", {"gang", "batch"}},
        {"bf16", "  epochs: 2", "  precision: bf16", {"bf16", "not in this version"}},
        {"parquet", "format: trec", "format: parquet", {"parquet"}},
        {"duplicate key", "  epochs: 2", "  epochs: 2\n  epochs: 3", {"bad.yaml:", "epochs"}},
        {"cuda without a GPU", "device: cpu", "device: cuda", {"cuda"}},
    };
    return all;
}

TEST_F(SmallSweep, EveryMistakeIsToldBeforeAnythingStarts) {
    for (const auto& mistake : mistakes()) {
        SCOPED_TRACE(mistake.name);
        auto text = read_text(small_);
        const auto at = text.find(mistake.from);
        ASSERT_NE(at, std::string::npos);
        text.replace(at, std::string(mistake.from).size(), mistake.to);
        auto hidden = environment();
        hidden["CUDA_VISIBLE_DEVICES"] = "";
        const auto config = scratch_.write("bad.yaml", text);
        const auto run = run_layersweep({"run", config, "--results", folder("bad")}, log("bad"), hidden);
        EXPECT_EQ(run.exit_code, 2) << run.output;
        for (const auto& word : mistake.told)
            EXPECT_NE(run.output.find(word), std::string::npos) << "not told: " << word << "\n" << run.output;
        EXPECT_FALSE(std::filesystem::exists(folder("bad"))) << "something was started";
        // A sweep for GPUs may be planned where there is none.
        EXPECT_EQ(run_layersweep({"plan", config}, log("plan"), hidden).exit_code, std::string(mistake.to) == "device: cuda" ? 0 : 2);
    }
}

TEST_F(SmallSweep, NonsenseOnTheCommandLineIsToldAndEndsWith2) {
    const std::vector<std::vector<std::string>> nonsense{
        {},
        {"fly"},
        {"run"},
        {"run", "--no-such-flag"},
        {"run", "/no/such/file.yaml"},
        {"run", "/"},
        {"plan", LAYERSWEEP_SOURCE_DIR "/LICENSE"},
        {"status", "/no/such/folder"},
        {"status", "/"},
        {"report", "/no/such/folder"},
        {"report", LAYERSWEEP_SOURCE_DIR "/README.md"},
        {"trace", small_, "layers=77", "--out", folder("trace")},
        {"trace", small_, "model=tiny-gpt2", "--out", folder("trace")},
        {"trace", small_, "no-such-key", "--out", folder("trace")},
        {"trace", small_, "model=tiny-gpt2", "--out", folder("trace"), "--steps", "-1"},
    };
    for (const auto& arguments : nonsense) {
        std::string line;
        for (const auto& word : arguments) line += word + " ";
        SCOPED_TRACE(line);
        const auto ended = run_layersweep(arguments, log("nonsense"), environment());
        EXPECT_EQ(ended.exit_code, 2) << ended.output;
        EXPECT_GT(ended.output.size(), 20u) << "nothing was told";
    }
}

TEST_F(SmallSweep, ASecondProcessIsRefusedAndTheHolderIsNamed) {
    Program first({layersweep_program(), "run", small_, "--results", folder("held"), "--progress", "plain"}, log("held"), environment());
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(folder("held") + "/ledger/holder.json"); }, std::chrono::seconds(60)));
    const auto second = run("held", 2);
    EXPECT_EQ(second.exit_code, 2) << second.output;
    EXPECT_NE(second.output.find("held by"), std::string::npos) << second.output;
    EXPECT_EQ(first.wait().exit_code, 0);
}

TEST_F(SmallSweep, ATrialThatCannotBeDoneIsSetAsideAndTheOthersGoOn) {
    auto text = read_text(small_);
    text += "override:\n  - match: { model: tiny-opt, mode: cls }\n    set: { learning_rate: 1.0e30 }\n";
    const auto ended = run("aside", 2, {}, scratch_.write("aside.yaml", text));
    EXPECT_EQ(ended.exit_code, 3) << ended.output;
    EXPECT_EQ(count(results("aside"), "\n"), 24u - 4u + 1u);
    EXPECT_NE(read_text(folder("aside") + "/table.md").find("set aside"), std::string::npos);
}

}  // namespace

}  // namespace layersweep::test
