#include "worker/data/encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/data/expect_config_error.hpp"
#include "tests/worker/data/tokenizer/tiny_tokenizer.hpp"

namespace layersweep {
namespace {

using test::expect_config_error;
using testing::ElementsAre;

/// Two demonstrations, and one row in each split.
class EncodingTest : public testing::Test {
protected:
    EncodingTest() {
        tiny_.write_pair(folder_);
        dataset_ = {.classes = {{"0", "No"}, {"1", "Yes"}}, .prompt_template = "T: {text}\nL:"};
        dataset_.train.rows = {{0, "first", 0}, {3, "second", 1}, {4, "x y z", 1}, {6, "w", 0}};
        dataset_.test.rows = {{0, "unused", 0}, {1, "abcdefgh", 1}};
        sample_ = {.demonstrations = {0, 1}, .training = {2}, .validation = {3}, .test = {1}, .training_per_class = {0, 1}};
    }

    [[nodiscard]] Tokenizer tokenizer() const { return Tokenizer::open(folder_.path().string()); }
    [[nodiscard]] EncodedTask encode(Mode mode, const InputRules& rules) const {
        return encode_task(dataset_, sample_, mode, tokenizer(), rules);
    }
    [[nodiscard]] std::vector<std::int32_t> ids(const std::string& text) const { return tokenizer().encode_ids(text); }

    const std::string demonstrations_ = "T: first\nL: No\nT: second\nL: Yes\n";
    test::TinyTokenizer tiny_;
    test::TemporaryDirectory folder_;
    Dataset dataset_;
    Sample sample_;
};

TEST_F(EncodingTest, PromptsHoldDemonstrationsAndEndAtTheColon) {
    for (const Mode mode : {Mode::lm, Mode::p_cls}) {
        const auto task = encode(mode, {.max_length = 1000});
        EXPECT_EQ(task.training.at(0).ids, ids(demonstrations_ + "T: x y z\nL:"));
        EXPECT_EQ(task.validation.at(0).ids, ids(demonstrations_ + "T: w\nL:"));
        EXPECT_EQ(task.test.at(0).ids, ids(demonstrations_ + "T: abcdefgh\nL:"));
        EXPECT_EQ(task.training[0].row, 4);
        EXPECT_EQ(task.training[0].label, 1);
        EXPECT_EQ(task.test[0].row, 1);
        EXPECT_EQ(task.cut_rows, 0);
        EXPECT_THAT(task.training_per_class, ElementsAre(0, 1));
    }
}

TEST_F(EncodingTest, ClsReadsTheTextAlone) {
    const auto task = encode(Mode::cls, {.prefix_ids = {2}, .max_length = 1000});
    EXPECT_THAT(task.training.at(0).ids, ElementsAre(2, 'x', tiny_.id("\u0120"), 'y', tiny_.id("\u0120"), 'z'));
}

TEST_F(EncodingTest, PutsThePrefixInFrontOfEveryInput) {
    const auto with = encode(Mode::lm, {.prefix_ids = {7, 8}, .max_length = 1000}), without = encode(Mode::lm, {.max_length = 1000});
    auto expected = std::vector<std::int32_t>{7, 8};
    expected.insert(expected.end(), without.test[0].ids.begin(), without.test[0].ids.end());
    EXPECT_EQ(with.test[0].ids, expected);
}

TEST_F(EncodingTest, WhatTheTokenizerPutsAroundReplacesTheFamilysPrefix) {
    const auto without = encode(Mode::cls, {.max_length = 1000}).test[0].ids;
    auto json = tiny_.tokenizer_json();
    const nlohmann::json text = {{"Sequence", {{"id", "A"}}}}, special = {{"SpecialToken", {{"id", "<s>"}}}};
    json["post_processor"] = {{"type", "TemplateProcessing"},
                              {"single", nlohmann::json::array({special, text, special})},
                              {"special_tokens", {{"<s>", {{"ids", {9}}}}}}};
    (void)folder_.write("tokenizer.json", json.dump());
    auto expected = without;
    expected.insert(expected.begin(), 9);
    expected.push_back(9);
    EXPECT_EQ(encode(Mode::cls, {.prefix_ids = {2}, .max_length = 1000}).test[0].ids, expected);
    const auto cut = encode(Mode::cls, {.prefix_ids = {2}, .max_length = std::int64_t(expected.size()) - 1});
    expected.erase(expected.begin() + 1);
    EXPECT_EQ(cut.test[0].ids, expected);

    json["post_processor"]["single"] = nlohmann::json::array({text});
    (void)folder_.write("tokenizer.json", json.dump());
    EXPECT_EQ(encode(Mode::cls, {.prefix_ids = {2}, .max_length = 1000}).test[0].ids, without);
}

TEST_F(EncodingTest, ASpaceThatThePreTokenizerAddsToTheTemplateIsNeverCut) {
    auto json = tiny_.tokenizer_json();
    json["pre_tokenizer"] = {
        {"type", "Sequence"},
        {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, {{"type", "ByteLevel"}, {"add_prefix_space", true}}}}};
    (void)folder_.write("tokenizer.json", json.dump());
    dataset_.test.rows[1].text = "7";
    sample_.training.clear();
    sample_.validation.clear();
    const auto space = tiny_.id("\u0120");
    // Behind the digit the template goes on as a part of its own, in front of which stands a space that no text holds.
    const auto whole = encode(Mode::lm, {.max_length = 1000}).test[0].ids;
    const std::vector<std::int32_t> end(whole.end() - 6, whole.end());
    EXPECT_THAT(end, ElementsAre(space, '7', space, tiny_.id("\u010A"), 'L', ':'));
    auto cut = whole;
    cut.erase(cut.end() - 6, cut.end() - 4);
    const auto length = static_cast<std::int64_t>(whole.size());
    EXPECT_EQ(encode(Mode::lm, {.max_length = length - 2}).test[0].ids, cut);
    expect_config_error([&] { (void)encode(Mode::lm, {.max_length = length - 3}); }, {"even without its text"});
}

TEST_F(EncodingTest, NamesTextsAndLabelWordsWithoutTokens) {
    auto json = tiny_.tokenizer_json();
    for (const char* byte : {"w", "\u0120", "N", "o"}) json["model"]["vocab"].erase(byte);
    json["model"]["merges"] = nlohmann::json::array();
    (void)folder_.write("tokenizer.json", json.dump());
    expect_config_error([&] { (void)encode(Mode::cls, {.max_length = 1000}); }, {"row 7", "gives no token"});
    expect_config_error([&] { (void)label_tokens(dataset_.classes, tokenizer()); }, {"\"No\"", "gives no token", "another label word"});
}

TEST_F(EncodingTest, ReadsValidationRowsFromTheirOwnSplit) {
    dataset_.validation.rows = {{0, "other", 0}, {1, "own", 1}};
    sample_.validation = {1};
    EXPECT_EQ(encode(Mode::cls, {.max_length = 9}).validation.at(0).ids, ids("own"));
}

TEST_F(EncodingTest, CutsTheFirstTokensOfTheQuerysTextOnly) {
    sample_.training.clear();
    const auto whole = encode(Mode::lm, {.max_length = 1000}).test[0].ids;
    const auto length = static_cast<std::int64_t>(whole.size());
    // "abcdefgh" is abc d e f g h; two tokens too many take abc and d.
    const auto task = encode(Mode::lm, {.max_length = length - 2});
    EXPECT_EQ(task.test[0].ids, ids(demonstrations_ + "T: efgh\nL:"));
    EXPECT_EQ(task.cut_rows, 1);
    const auto with_prefix = encode(Mode::lm, {.prefix_ids = {2}, .max_length = length - 1});
    auto expected = ids(demonstrations_ + "T: efgh\nL:");
    expected.insert(expected.begin(), 2);
    EXPECT_EQ(with_prefix.test[0].ids, expected);
}

TEST_F(EncodingTest, ATokenThatReachesIntoTheTemplateIsNeverCut) {
    dataset_.test.rows[1].text = "the end";  // its first token takes the template's space in: " the"
    sample_.training.clear();
    sample_.validation.clear();
    const auto length = static_cast<std::int64_t>(ids(demonstrations_ + "T: the end\nL:").size());
    EXPECT_EQ(encode(Mode::lm, {.max_length = length - 1}).test[0].ids, ids(demonstrations_ + "T: theend\nL:"));
    EXPECT_EQ(encode(Mode::lm, {.max_length = length - 4}).test[0].ids, ids(demonstrations_ + "T: the\nL:"));
    expect_config_error([&] { static_cast<void>(encode(Mode::lm, {.max_length = length - 5})); }, {"even without its text"});
}

TEST_F(EncodingTest, APromptTooLongWithoutItsTextIsRefused) {
    const auto bare = static_cast<std::int64_t>(ids(demonstrations_ + "T: \nL:").size());
    sample_.training.clear();
    sample_.validation.clear();
    EXPECT_EQ(static_cast<std::int64_t>(encode(Mode::lm, {.max_length = bare}).test[0].ids.size()), bare);
    expect_config_error([&] { static_cast<void>(encode(Mode::lm, {.max_length = bare - 1})); },
                        {"row 2", std::to_string(bare - 1) + " positions", "demonstrations_per_class"});
}

TEST_F(EncodingTest, ClsKeepsThePrefixAndTheLastTokens) {
    const auto task = encode(Mode::cls, {.prefix_ids = {2}, .max_length = 3});
    EXPECT_THAT(task.test[0].ids, ElementsAre(2, 'g', 'h'));
    EXPECT_EQ(task.cut_rows, 2);
    expect_config_error([&] { static_cast<void>(encode(Mode::cls, {.prefix_ids = {2}, .max_length = 1})); }, {"1 positions"});
}

TEST_F(EncodingTest, LabelTokensAreTheFirstOfSpaceAndWord) {
    dataset_.classes = {{"0", "the"}, {"1", "tree"}};
    EXPECT_THAT(label_tokens(dataset_.classes, tokenizer()), ElementsAre(tiny_.id("\u0120the"), tiny_.id("\u0120t")));
    EXPECT_THAT(encode(Mode::lm, {.max_length = 1000}).label_token_ids, ElementsAre(tiny_.id("\u0120the"), tiny_.id("\u0120t")));
}

TEST_F(EncodingTest, CollidingLabelTokensAreRefusedByWord) {
    const std::vector<ClassLabel> classes = {{"0", "tree"}, {"1", "the"}, {"2", "town"}};
    expect_config_error([&] { check_label_tokens(classes, label_tokens(classes, tokenizer()), "sweep.yaml:3:1"); },
                        {"sweep.yaml:3:1", "\"tree\" and \"town\""});
    EXPECT_NO_THROW(check_label_tokens(classes, {1, 2, 3}, ""));
}

}  // namespace
}  // namespace layersweep
