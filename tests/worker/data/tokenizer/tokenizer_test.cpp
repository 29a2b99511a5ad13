#include "worker/data/tokenizer/tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/data/expect_config_error.hpp"
#include "tests/worker/data/tokenizer/tiny_tokenizer.hpp"

namespace layersweep {
namespace {

using test::expect_config_error;
using test::TemporaryDirectory;
using test::TinyTokenizer;

class TokenizerTest : public testing::Test {
protected:
    TokenizerTest() { tiny_.write_pair(folder_); }

    [[nodiscard]] std::vector<std::string> pieces(const std::string& text) const {
        std::vector<std::string> all;
        for (const Token& token : Tokenizer::open(folder_.path().string()).encode(text))
            all.push_back(text.substr(token.begin, token.end - token.begin));
        return all;
    }

    void expect_refused(std::initializer_list<std::string> parts) const {
        expect_config_error([&] { static_cast<void>(Tokenizer::open(folder_.path().string())); }, parts);
    }

    TinyTokenizer tiny_;
    TemporaryDirectory folder_;
};

using testing::ElementsAre;

TEST_F(TokenizerTest, MergesTheBestPairFirstAndTheLeftmostOfEquals) {
    EXPECT_THAT(pieces("hello"), ElementsAre("hell", "o"));
    EXPECT_THAT(pieces("the the"), ElementsAre("t", "he", " the"));
    EXPECT_THAT(pieces("ooo"), ElementsAre("oo", "o"));
    EXPECT_THAT(pieces("abc"), ElementsAre("abc"));
    EXPECT_THAT(pieces("xbc"), ElementsAre("x", "bc"));
}

TEST_F(TokenizerTest, NeverMergesAcrossWords) {
    EXPECT_THAT(pieces("a b"), ElementsAre("a", " ", "b"));
    EXPECT_THAT(pieces("x   the"), ElementsAre("x", "  ", " the"));  // all but the last space, then the word with its space
    EXPECT_THAT(pieces("h\ne"), ElementsAre("h", "\n", "e"));
}

TEST_F(TokenizerTest, KnowsThatU180EIsNoWhiteSpace) {
    // As white space it would be cut from the exclamation marks, and these two spaces would be one token.
    EXPECT_THAT(pieces("  \u180E!"), ElementsAre(" ", " ", "\xE1", "\xA0", "\x8E", "!"));
    EXPECT_THAT(pieces("  \u00A0x").front(), "  ");
}

TEST_F(TokenizerTest, OffsetsCoverTheTextInBytes) {
    const std::string text = "hello <|endoftext|> \xF0\x9F\x98\x8D the\n\n caf\u00E9";
    std::uint32_t at = 0;
    for (const Token& token : Tokenizer::open(folder_.path().string()).encode(text)) {
        EXPECT_EQ(token.begin, at);
        EXPECT_GT(token.end, token.begin);
        at = token.end;
    }
    EXPECT_EQ(at, text.size());
}

TEST_F(TokenizerTest, RecognisesSpecialTokensInTheText) {
    EXPECT_THAT(pieces("he<|endoftext|>he"), ElementsAre("he", "<|endoftext|>", "he"));
    EXPECT_THAT(pieces("<|endoftext|><|endoftext|>"), ElementsAre("<|endoftext|>", "<|endoftext|>"));
    EXPECT_EQ(pieces("<|endoftext>").size(), 12U);
    const auto tokenizer = Tokenizer::open(folder_.path().string());
    EXPECT_EQ(tokenizer.encode_ids("<|endoftext|>").at(0), tiny_.id("<|endoftext|>"));
    EXPECT_EQ(tokenizer.vocabulary_size(), 267);
    EXPECT_TRUE(tokenizer.encode("").empty());
}

TEST_F(TokenizerTest, KnowsOptByTheBeginOfItsVocabulary) {
    auto opt = nlohmann::json{{"<s>", 0}, {"<pad>", 1}, {"</s>", 2}, {"<unk>", 3}};
    for (const auto& [token, id] : tiny_.vocabulary.items()) opt[token] = id.get<int>() + 4;
    folder_.write("vocab.json", opt.dump());
    EXPECT_THAT(pieces("he</s>he<pad>"), ElementsAre("he", "</s>", "he", "<pad>"));
    EXPECT_EQ(pieces("<|endoftext|>").size(), 13U);
    EXPECT_EQ(pieces("<s>").size(), 3U);
}

TEST_F(TokenizerTest, ReadsTokensThatAUserAdded) {
    folder_.write("added_tokens.json", R"({"<|end|>": 267, "<|endoftext|>more": 268})");
    EXPECT_THAT(pieces("a<|end|><|endoftext|>more"), ElementsAre("a", "<|end|>", "<|endoftext|>more"));
    EXPECT_EQ(Tokenizer::open(folder_.path().string()).vocabulary_size(), 269);
}

TEST_F(TokenizerTest, RefusesAddedTokensWithIdsThatNoVocabularyHas) {
    for (const char* id : {"-1", "4294967298", "1.5"}) {
        folder_.write("added_tokens.json", std::string(R"({"good": )") + id + "}");
        expect_config_error([&] { static_cast<void>(pieces("a")); }, {"added_tokens.json", "good", "no usable id"});
    }
}

TEST_F(TokenizerTest, EncodesLongWordsInReasonableTime) {
    EXPECT_EQ(pieces(std::string(200000, 'o')).size(), 100000U);
    EXPECT_EQ(pieces(std::string(200000, ' ')).size(), 100000U);
    EXPECT_EQ(pieces(std::string(200000, '!')).size(), 200000U);
}

TEST_F(TokenizerTest, RefusesTextThatIsNotUtf8) {
    const auto tokenizer = Tokenizer::open(folder_.path().string());
    expect_config_error([&] { static_cast<void>(tokenizer.encode("caf\xE9")); }, {"not UTF-8"});
}

TEST_F(TokenizerTest, RefusesAFolderWithoutTokenizer) {
    const TemporaryDirectory empty;
    expect_config_error([&] { static_cast<void>(Tokenizer::open(empty.path().string())); },
                        {empty.path().string(), "there is no tokenizer"});
    empty.write("vocab.json", "{}");
    expect_config_error([&] { static_cast<void>(Tokenizer::open(empty.path().string())); }, {"there is no tokenizer"});
}

TEST_F(TokenizerTest, RefusesMalformedVocabularies) {
    for (const char* content : {"", "[1, 2]", "{\"a\": 1", "{}", "{\"a\": \"b\"}", "{\"a\": -1}", "{\"a\": 99999999999}"}) {
        folder_.write("vocab.json", content);
        expect_refused({"vocab.json"});
    }
}

TEST_F(TokenizerTest, RefusesMalformedMerges) {
    folder_.write("merges.txt", "#version: 0.2\nh e\nhe\n");
    expect_refused({"merges.txt:3", "no merge of two tokens"});
    folder_.write("merges.txt", "h e\nq q\n");
    expect_refused({"\"qq\"", "not in the vocabulary"});
    folder_.write("merges.txt", "h e l\n");
    expect_refused({"merges.txt:1"});
}

TEST_F(TokenizerTest, RefusesAByteWithoutToken) {
    tiny_.vocabulary.erase("!");
    tiny_.write_pair(folder_);
    expect_config_error([&] { static_cast<void>(pieces("he!")); }, {"no token for the byte 33"});
}

}  // namespace
}  // namespace layersweep
