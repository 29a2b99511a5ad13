#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/support/temporary_directory.hpp"
#include "worker/data/tokenizer/tokenizer.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"

namespace layersweep {
namespace {

namespace fs = std::filesystem;

const fs::path published = fs::path(LAYERSWEEP_SOURCE_DIR) / "../shared/data/tokenizers";

struct Case {
    const char* vocabulary;
    std::vector<const char*> files;
};

/// The encodings of an independent encoder, for one vocabulary read from some of its files.
class ReferenceEncodings : public testing::TestWithParam<Case> {};

TEST_P(ReferenceEncodings, AreAllEqual) {
    if (!fs::exists(published)) GTEST_SKIP() << published << " is not there";
    const auto& [vocabulary, files] = GetParam();
    const test::TemporaryDirectory folder;
    for (const char* file : files) fs::create_symlink(fs::canonical(published / vocabulary / file), folder.path() / file);
    const auto tokenizer = Tokenizer::open(folder.path().string());
    // vocab.json and merges.txt do not say what stands in front.
    std::vector<std::int32_t> prefix;
    if (std::string(vocabulary) == "opt") prefix = {2};
    if (const auto* around = tokenizer.surroundings()) EXPECT_EQ(*around, (Surroundings{prefix, {}}));
    EXPECT_EQ(tokenizer.surroundings() != nullptr, std::string(vocabulary) == "opt" && files.size() == 1);
    std::ifstream lines(published / "ref_encodings.jsonl");
    int equal = 0, all = 0;
    for (std::string line; std::getline(lines, line); ++all) {
        const auto reference = nlohmann::json::parse(line);
        auto ids = prefix;
        for (const auto id : tokenizer.encode_ids(reference.at("text").get<std::string>())) ids.push_back(id);
        const bool same = ids == reference.at(std::string(vocabulary) + "_ids").get<std::vector<std::int32_t>>();
        equal += same ? 1 : 0;
        EXPECT_TRUE(same) << line;
    }
    std::cout << vocabulary << " from " << files.front() << ": " << equal << "/" << all << "\n";
    EXPECT_EQ(all, 282);
    EXPECT_EQ(equal, all);
}

INSTANTIATE_TEST_SUITE_P(Published, ReferenceEncodings,
                         testing::Values(Case{"gpt2", {"vocab.json", "merges.txt"}}, Case{"gpt2", {"tokenizer.json"}},
                                         Case{"opt", {"vocab.json", "merges.txt"}}, Case{"opt", {"tokenizer.json"}}));

}  // namespace
}  // namespace layersweep
