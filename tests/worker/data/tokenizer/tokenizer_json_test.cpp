#include "worker/data/tokenizer/tokenizer_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/data/expect_config_error.hpp"
#include "tests/worker/data/tokenizer/tiny_tokenizer.hpp"
#include "worker/data/tokenizer/tokenizer.hpp"

namespace layersweep {
namespace {

using nlohmann::json;
using test::expect_config_error;
using test::TemporaryDirectory;
using test::TinyTokenizer;
using testing::ElementsAre;

class TokenizerJsonTest : public testing::Test {
protected:
    void set(const char* pointer, const json& value) { json_[json::json_pointer(pointer)] = value; }

    [[nodiscard]] Tokenizer open() const {
        (void)folder_.write("tokenizer.json", json_.dump());
        return Tokenizer::open(folder_.path().string());
    }

    [[nodiscard]] std::vector<std::string> pieces(const std::string& text) const {
        std::vector<std::string> all;
        for (const Token& token : open().encode(text)) all.push_back(text.substr(token.begin, token.end - token.begin));
        return all;
    }

    /// What is refused with this value at this place, and only then.
    void expect_refused(const char* pointer, const json& value, std::initializer_list<std::string> parts) {
        const auto whole = json_;
        EXPECT_NO_THROW((void)open());
        set(pointer, value);
        expect_config_error([&] { (void)open(); }, parts);
        json_ = whole;
    }

    TinyTokenizer tiny_;
    json json_ = tiny_.tokenizer_json();
    TemporaryDirectory folder_;
};

const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};

TEST_F(TokenizerJsonTest, IsTheSameAsVocabularyAndMergesInBothFormsOfMerges) {
    const std::string text = "hello the<|endoftext|> oo\n  abc \xC3\xA9";
    const TemporaryDirectory other;
    tiny_.write_pair(other);
    const auto expected = Tokenizer::open(other.path().string()).encode_ids(text);
    EXPECT_EQ(open().encode_ids(text), expected);
    for (auto& merge : json_["model"]["merges"]) {
        const auto pair = merge.get<std::string>();
        merge = {pair.substr(0, pair.find(' ')), pair.substr(pair.find(' ') + 1)};
    }
    EXPECT_EQ(open().encode_ids(text), expected);
}

TEST_F(TokenizerJsonTest, IsReadWhereVocabularyAndMergesStandBesideIt) {
    tiny_.write_pair(folder_);
    set("/pre_tokenizer/use_regex", false);
    EXPECT_THAT(pieces("h ee"), ElementsAre("h", " ", "e", "e"));
    set("/model/merges", json::array());
    EXPECT_THAT(pieces("he"), ElementsAre("h", "e"));
}

TEST_F(TokenizerJsonTest, SplitsNumeralsOffEachAloneOrInRuns) {
    tiny_.merges.insert(tiny_.merges.end(), {{"1", "2"}, {"\u0120", "1"}});
    tiny_ = TinyTokenizer{tiny_.merges};
    json_ = tiny_.tokenizer_json();
    EXPECT_THAT(pieces("a 12"), ElementsAre("a", " ", "12"));  // the best merge first
    set("/pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, byte_level}}});
    EXPECT_THAT(pieces("a 12"), ElementsAre("a", " ", "1", "2"));
    set("/pre_tokenizer/pretokenizers/0/individual_digits", false);
    EXPECT_THAT(pieces("a 12"), ElementsAre("a", " ", "12"));
    EXPECT_THAT(pieces("  12"), ElementsAre("  ", "12")) << "the space in front of a numeral is no part of it";
    EXPECT_THAT(pieces("ab\u0664\u00B2"), ElementsAre("ab", "\xD9", "\xA4", "\xC2", "\xB2"));
}

TEST_F(TokenizerJsonTest, PutsASpaceInFrontOfEachPartThatHasNone) {
    set("/pre_tokenizer/add_prefix_space", true);
    const auto ids = [&](const std::string& text) { return open().encode_ids(text); };
    EXPECT_EQ(ids("the"), std::vector{tiny_.id("\u0120the")});
    EXPECT_EQ(ids(" the"), ids("the"));
    EXPECT_EQ(ids("\nthe").size(), 4U) << "a line feed is no space: it gets one in front";
    EXPECT_EQ(ids("the<|endoftext|>the"), (std::vector{tiny_.id("\u0120the"), tiny_.id("<|endoftext|>"), tiny_.id("\u0120the")}));
    EXPECT_TRUE(ids("").empty());
    // Bytes that are not the text's count for nothing: the x stands behind an empty token.
    const auto tokens = open().encode("<|endoftext|>x\xC3\xA9");
    ASSERT_EQ(tokens.size(), 5U);
    std::vector<std::pair<int, int>> places;
    for (const auto& token : tokens) places.emplace_back(token.begin, token.end);
    using Place = std::pair<int, int>;
    EXPECT_THAT(places, ElementsAre(Place{0, 13}, Place{13, 13}, Place{13, 14}, Place{14, 15}, Place{15, 16}));
}

TEST_F(TokenizerJsonTest, MayTakeTheWholeTextForOneWord) {
    set("/model/merges", {"a b", "b \u0120", "b\u0120 a"});
    set("/model/vocab", [&] {
        auto vocabulary = tiny_.vocabulary;
        vocabulary["b\u0120"] = 300;
        vocabulary["b\u0120a"] = 301;
        return vocabulary;
    }());
    EXPECT_THAT(pieces("b a"), ElementsAre("b", " ", "a"));
    set("/pre_tokenizer/use_regex", false);
    EXPECT_THAT(pieces("b a"), ElementsAre("b a"));
}

TEST_F(TokenizerJsonTest, LooksForTokensThatAreNotNormalizedFirst) {
    const auto token = [](int id, const char* content, bool normalized) {
        return json{{"id", id}, {"content", content}, {"normalized", normalized}, {"special", false}};
    };
    set("/added_tokens", {token(267, "xy", true), token(268, "yzw", false)});
    EXPECT_THAT(pieces("xyzw xy"), ElementsAre("x", "yzw", " ", "xy"));
    set("/added_tokens/1/normalized", true);
    EXPECT_THAT(pieces("xyzw xy"), ElementsAre("xy", "z", "w", " ", "xy"));
}

TEST_F(TokenizerJsonTest, RefusesIdsThatTheLibraryWouldNotGive) {
    const auto token = [](int id, const char* content) { return json{{"id", id}, {"content", content}, {"special", true}}; };
    set("/added_tokens", {token(266, "<|endoftext|>"), token(267, "<a>"), token(268, "<b>")});
    EXPECT_EQ(open().encode_ids("<b><a>"), (std::vector{268, 267}));
    expect_refused("/added_tokens/1/id", 270, {"<a>", "id 270", "gives it 267"});
    expect_refused("/added_tokens/1/id", 5, {"<a>", "id 5", "gives it 267"});
    expect_refused("/added_tokens/2/content", "<a>", {"<a>", "twice"});
    set("/added_tokens", json::array({token(267, "<a>")}));
    json_["model"]["vocab"].erase("!");
    expect_config_error([&] { (void)open(); }, {"<a>", "id 267", "gives it 266"});  // it counts the vocabulary's entries
}

TEST_F(TokenizerJsonTest, OfAMergeThatStandsTwiceTheLastCounts) {
    set("/model/merges", {"a b", "b c", "a b"});
    EXPECT_THAT(pieces("abc"), ElementsAre("a", "bc"));
}

TEST_F(TokenizerJsonTest, SaysWhatStandsAroundAnInput) {
    EXPECT_EQ(open().surroundings(), nullptr);
    const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    const auto special = [](const char* name) { return json{{"SpecialToken", {{"id", name}, {"type_id", 0}}}}; };
    const json ids = {{"<s>", {{"id", "<s>"}, {"ids", {1, 7}}, {"tokens", {"<s>", "x"}}}}, {"</s>", {{"ids", {2}}}}};
    const json wrapping = {{"type", "TemplateProcessing"}, {"single", {special("<s>"), text, special("</s>")}}, {"special_tokens", ids}};
    set("/post_processor", wrapping);
    ASSERT_NE(open().surroundings(), nullptr);
    EXPECT_EQ(*open().surroundings(), (Surroundings{{1, 7}, {2}}));
    set("/post_processor", {{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}}, wrapping}}});
    EXPECT_EQ(*open().surroundings(), (Surroundings{{1, 7}, {2}}));
    set("/post_processor", {{"type", "TemplateProcessing"}, {"single", {text}}, {"special_tokens", json::object()}});
    EXPECT_EQ(*open().surroundings(), Surroundings());
    set("/post_processor", {{"type", "ByteLevel"}, {"trim_offsets", false}});
    EXPECT_EQ(open().surroundings(), nullptr);

    set("/post_processor", wrapping);
    expect_refused("/post_processor/single/0/SpecialToken/id", "<pad>", {"tokenizer.json", "\"<pad>\"", "no ids"});
    for (const json& nameless : {json(7), json::array({1}), json{{"ids", {1}}}})
        expect_refused("/post_processor/single/0/SpecialToken/id", nameless, {"SpecialToken without a name"});
    expect_refused("/post_processor/special_tokens", "x", {"SpecialToken without a name or table"});
    expect_refused("/post_processor/single/1", special("</s>"), {"leaves the text out"});
    expect_refused("/post_processor/single/2", text, {"only Sequence"});
    expect_refused("/post_processor/single/1/Sequence/id", "B", {"only Sequence"});
    expect_refused("/post_processor/special_tokens/<s>/ids", std::vector<int>(2000, 1), {"more than 1024 tokens"});
    expect_refused("/post_processor/special_tokens/<s>/ids/0", -1, {"<s>", "no usable id"});
    expect_refused("/post_processor", {{"type", "Sequence"}, {"processors", {wrapping, wrapping}}}, {"once, TemplateProcessing"});
    expect_refused("/post_processor/type", "RobertaProcessing", {"post_processor", "\"RobertaProcessing\""});
    expect_refused("/post_processor", "x", {"post_processor is no JSON object"});
}

TEST_F(TokenizerJsonTest, LeavesAByteWithoutTokenOutOrReadsItAsTheUnknownOne) {
    json_["model"]["vocab"].erase("!");
    EXPECT_THAT(pieces("he!oo"), ElementsAre("he", "oo"));
    EXPECT_THAT(pieces("h!e"), ElementsAre("h", "e")) << "words are apart";
    set("/pre_tokenizer/use_regex", false);
    EXPECT_THAT(pieces("h!e"), ElementsAre("h!e")) << "what stands side by side without it is merged";
    EXPECT_TRUE(pieces("!").empty());
    set("/model/unk_token", "<|endoftext|>");
    EXPECT_THAT(pieces("h!e"), ElementsAre("h", "!", "e"));
    EXPECT_EQ(open().encode_ids("!"), std::vector{tiny_.id("<|endoftext|>")});
    set("/model/unk_token", "<unk>");
    expect_config_error([&] { (void)pieces("he!"); }, {"no token for the byte 33"});
}

TEST_F(TokenizerJsonTest, NamesWhatItDoesNotKnow) {
    expect_refused("/normalizer", {{"type", "NFC"}}, {"tokenizer.json", "normalizer", "\"NFC\""});
    expect_refused("/truncation", {{"max_length", 512}}, {"truncation"});
    expect_refused("/padding", {{"pad_id", 0}}, {"padding"});
    expect_refused("/sampling", 1, {"unknown key \"sampling\""});
    expect_refused("/pre_tokenizer", nullptr, {"no pre_tokenizer", "ByteLevel"});
    expect_refused("/pre_tokenizer/type", "Metaspace", {"pre_tokenizer", "\"Metaspace\""});
    expect_refused("/pre_tokenizer/add_prefix_space", "yes", {"add_prefix_space", "\"yes\"", "neither true nor false"});
    expect_refused("/pre_tokenizer/behavior", "Isolated", {"ByteLevel", "unknown key \"behavior\""});
    const auto sequence = [](const json& parts) { return json{{"type", "Sequence"}, {"pretokenizers", parts}}; };
    const json digits = {{"type", "Digits"}, {"individual_digits", true}};
    expect_refused("/pre_tokenizer", sequence(json::array({{{"type", "Split"}, {"invert", false}}, byte_level})),
                   {"pre_tokenizer", "\"Split\""});
    expect_refused("/pre_tokenizer", sequence(json::array({byte_level, digits})), {"behind ByteLevel", "\"Digits\""});
    expect_refused("/pre_tokenizer", sequence(json::array({digits, digits, byte_level})), {"\"Digits\"", "once"});
    expect_refused("/pre_tokenizer", sequence(json::array({digits})), {"no pre_tokenizer", "ByteLevel"});
    expect_refused("/pre_tokenizer", sequence(json::array({sequence(json::array({byte_level}))})), {"\"Sequence\""});
    expect_refused("/pre_tokenizer", sequence(7), {"Sequence of nothing"});
    expect_refused("/model/type", "Unigram", {"not BPE", "\"Unigram\""});
    expect_refused("/model/byte_fallback", true, {"byte_fallback"});
    expect_refused("/model/ignore_merges", true, {"ignore_merges"});
    set("/model/dropout", 0.0);
    set("/model/fuse_unk", true);
    EXPECT_NO_THROW((void)open()) << "nothing is dropped, and nothing unknown is fused";
    set("/model/fuse_unk", false);
    set("/model/unk_token", "<|endoftext|>");
    expect_refused("/model/fuse_unk", true, {"fuse_unk"});
    set("/model/unk_token", nullptr);
    expect_refused("/version", "2.0", {"\"2.0\""});
    expect_refused("/added_tokens/0/content", std::string(5000, 'x'), {"xxx\u2026\""});
    expect_refused("/model/dropout", 0.1, {"dropout"});
    expect_refused("/model/scores", json::array(), {"model", "unknown key \"scores\""});
    expect_refused("/model/unk_token", 3, {"unk_token"});
    expect_refused("/model/merges", "none", {"no merges"});
    expect_refused("/model/merges/0", 7, {"merge 1"});
    expect_refused("/added_tokens", 1, {"added_tokens is no list"});
    expect_refused("/added_tokens/0/lstrip", true, {"<|endoftext|>", "lstrip"});
    expect_refused("/added_tokens/0/single_word", true, {"<|endoftext|>", "single_word"});
    expect_refused("/added_tokens/0/id", "x", {"<|endoftext|>", "no usable id"});
    expect_refused("/added_tokens/0/id", 3, {"<|endoftext|>", "id 3", "gives it 266"});
    expect_refused("/added_tokens/0/content", "", {"no content"});
    (void)folder_.write("tokenizer.json", "{");
    expect_config_error([&] { (void)Tokenizer::open(folder_.path().string()); }, {"tokenizer.json", "not a JSON object"});
}

TEST_F(TokenizerJsonTest, DeepNestingCostsNoStack) {
    constexpr std::size_t depth = 1'000'000;
    for (const char* key : {"added_tokens", "pre_tokenizer", "post_processor", "model", "normalizer"}) {
        json_ = tiny_.tokenizer_json();
        json_[key] = "deep";
        std::string text = json_.dump();
        text.replace(text.find("\"deep\""), 6, std::string(depth, '[') + std::string(depth, ']'));
        (void)folder_.write("tokenizer.json", text);
        expect_config_error([&] { (void)Tokenizer::open(folder_.path().string()); }, {"tokenizer.json"});
    }
}

}  // namespace
}  // namespace layersweep
