#include <nlohmann/json.hpp>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// The value of the last column, weights_hash, of one trial's line.
std::string weights_hash(const std::string& csv, const std::string& trial) {
    const auto at = csv.find(trial);
    const auto end = csv.find('\n', at);
    return csv.substr(csv.rfind(',', end) + 1, end - csv.rfind(',', end) - 1);
}

TEST_F(SmallSweep, TraceIsTheSameComputationAsRun) {
    ASSERT_EQ(run("run", 2).exit_code, 0);
    for (const std::string mode : {"p-cls", "cls", "lm"}) {
        for (const std::string model : {"tiny-gpt2", "tiny-opt"}) {
            SCOPED_TRACE(model + " " + mode);
            const auto out = folder(model);  // the same for all modes: what an earlier trace left is replaced
            const auto traced =
                run_layersweep({"trace", small_, "model=" + model + ",dataset=trec,mode=" + mode + ",layers=2,seed=0", "--out", out},
                               log("trace"), environment());
            ASSERT_EQ(traced.exit_code, 0) << traced.output;
            const auto hash = weights_hash(results("run"), "," + model + ",trec," + mode + ",2,0,");
            ASSERT_EQ(hash.size(), 32u) << hash;
            EXPECT_NE(traced.output.find(hash), std::string::npos) << traced.output;
            EXPECT_TRUE(std::filesystem::exists(out + "/checkpoint/model.safetensors"));
            EXPECT_TRUE(std::filesystem::exists(out + "/checkpoint/config.json"));
            EXPECT_EQ(std::filesystem::exists(out + "/checkpoint/head.safetensors"), mode != "lm");
        }
    }
}

TEST_F(SmallSweep, TraceDoesNotWriteOverTheModelItReads) {
    std::filesystem::create_directories(folder("t"));
    std::filesystem::copy(LAYERSWEEP_SOURCE_DIR "/configs/demo/models/tiny-gpt2", folder("t/checkpoint"));
    const auto before = read_text(folder("t/checkpoint/model.safetensors"));
    const auto config = changed("own", {{"${DEMO}/models/tiny-gpt2", folder("t/checkpoint")}});
    const auto traced = run_layersweep({"trace", config, "model=tiny-gpt2,dataset=trec,mode=lm,layers=1", "--out", folder("t")},
                                       log("trace"), environment());
    EXPECT_EQ(traced.exit_code, 2) << traced.output;
    EXPECT_EQ(read_text(folder("t/checkpoint/model.safetensors")), before);
    EXPECT_TRUE(std::filesystem::exists(folder("t/checkpoint/vocab.json")));
}

TEST_F(SmallSweep, TraceHoldsWholePaddedInputsOneLineAStep) {
    const auto traced =
        run_layersweep({"trace", small_, "model=tiny-opt,dataset=trec,mode=lm,layers=1", "--out", folder("t"), "--steps", "3"},
                       log("trace"), environment());
    ASSERT_EQ(traced.exit_code, 0) << traced.output;
    std::istringstream lines(read_text(folder("t") + "/trace.jsonl"));
    int steps = 0;
    for (std::string line; std::getline(lines, line); ++steps) {
        const auto step = nlohmann::json::parse(line);
        ASSERT_EQ(step.at("input_ids").size(), 8u);
        EXPECT_EQ(step.at("mode"), "lm");
        EXPECT_EQ(step.at("label_token_ids").size(), 6u);
        EXPECT_GT(step.at("loss").get<double>(), 0);
        std::size_t longest = 0;
        for (const auto& length : step.at("lengths")) longest = std::max(longest, length.get<std::size_t>());
        for (const auto& row : step.at("input_ids")) {
            EXPECT_EQ(row.size(), longest);
            EXPECT_EQ(row.at(0), 2) << "OPT's </s> in front";
        }
    }
    EXPECT_EQ(steps, 3);
}

}  // namespace

}  // namespace layersweep::test
