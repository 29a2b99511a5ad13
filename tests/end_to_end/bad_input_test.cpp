#include "tests/end_to_end/sweep_fixture.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

namespace layersweep::test {

namespace {

/// One mistake in the small sweep, and what the message must name.
struct Mistake {
    const char* name;
    const char* from;
    const char* to;
    std::vector<std::string> told;
    int plan_exit = 2;
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
        {"tf32", "  epochs: 2", "  precision: tf32", {"tf32 is for GPUs", "the device is cpu"}},
        {"parquet", "format: trec", "format: parquet", {"parquet"}},
        {"duplicate key", "  epochs: 2", "  epochs: 2\n  epochs: 3", {"bad.yaml:", "epochs"}},
        {"cuda without a GPU", "device: cpu", "device: cuda", {"cuda"}, 0},  // may be planned where there is no GPU
    };
    return all;
}

TEST_F(SmallSweep, EveryMistakeIsToldBeforeAnythingStarts) {
    for (const auto& mistake : mistakes()) {
        SCOPED_TRACE(mistake.name);
        auto hidden = environment();
        hidden["CUDA_VISIBLE_DEVICES"] = "";
        const auto config = changed("bad", {{mistake.from, mistake.to}});
        const auto run = run_layersweep({"run", config, "--results", folder("bad")}, log("bad"), hidden);
        EXPECT_EQ(run.exit_code, 2) << run.output;
        for (const auto& word : mistake.told)
            EXPECT_NE(run.output.find(word), std::string::npos) << "not told: " << word << "\n" << run.output;
        EXPECT_FALSE(std::filesystem::exists(folder("bad"))) << "something was started";
        EXPECT_EQ(run_layersweep({"plan", config}, log("plan"), hidden).exit_code, mistake.plan_exit);
    }
}

TEST_F(SmallSweep, ALabelWordWithoutARowInTheEmbeddingIsTold) {
    std::filesystem::copy(LAYERSWEEP_SOURCE_DIR "/configs/demo/models/tiny-gpt2", folder("grown"));
    scratch_.write("grown/added_tokens.json", R"({" Location": 700000})");
    const auto config = changed("grown_words", {{"${DEMO}/models/tiny-gpt2", folder("grown")}});
    const auto plan = run_layersweep({"plan", config}, log("plan"), environment());
    EXPECT_EQ(plan.exit_code, 2) << plan.output;
    EXPECT_NE(plan.output.find("the tokenizer gives token 700000"), std::string::npos) << plan.output;
}

TEST_F(SmallSweep, ATokenInFrontWithoutARowInTheEmbeddingIsTold) {
    using nlohmann::json;
    std::filesystem::copy(LAYERSWEEP_SOURCE_DIR "/configs/demo/models/tiny-gpt2", folder("begun"));
    const auto vocabulary = json::parse(read_text(folder("begun") + "/vocab.json"));
    const auto begin = vocabulary.size();
    json merges = json::array();
    std::istringstream lines(read_text(folder("begun") + "/merges.txt"));
    for (std::string line; std::getline(lines, line);)
        if (!line.starts_with('#')) merges.push_back(line);
    const json tokenizer = {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}},
                            {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
                            {"added_tokens", {{{"id", begin}, {"content", "<s>"}, {"special", true}}}},
                            {"post_processor",
                             {{"type", "TemplateProcessing"},
                              {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                              {"special_tokens", {{"<s>", {{"ids", {begin}}}}}}}}};
    scratch_.write("begun/tokenizer.json", tokenizer.dump());
    const auto config = changed("begun_inputs", {{"${DEMO}/models/tiny-gpt2", folder("begun")}});
    const auto plan = run_layersweep({"plan", config}, log("plan"), environment());
    EXPECT_EQ(plan.exit_code, 2) << plan.output;
    EXPECT_NE(plan.output.find("the tokenizer gives token " + std::to_string(begin)), std::string::npos) << plan.output;
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
        {"explain", "/no/such/folder", "layers=1"},
        {"explain", "/"},
        {"retry", "/no/such/folder"},
        {"retry", scratch_.path().string()},
        {"ledger"},
        {"ledger", "check", "/no/such/folder"},
        {"ledger", "check", scratch_.path().string()},
        {"ledger", "check", scratch_.path().string(), "--take-over"},
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
    auto first = start("held");
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
