#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusal.hpp"
#include "tests/support/temporary_directory.hpp"
#include "worker/model/family/family.hpp"

namespace layersweep::test {
namespace {

using ::testing::HasSubstr;

class ModelConfig : public ::testing::Test {
protected:
    [[nodiscard]] DecoderSpec read(const std::string& text) const {
        folder_.write("config.json", text);
        return read_decoder_spec(folder_.path().string());
    }
    [[nodiscard]] std::string refused(const std::string& text) const {
        return refusal([&] { (void)read(text); });
    }

    TemporaryDirectory folder_;
};

/// A GPT-2 of this many blocks, with more keys.
std::string gpt2(const std::string& layers, const std::string& more = "") {
    return R"({"model_type": "gpt2", "n_embd": 8, "n_head": 2, "vocab_size": 11, "n_positions": 9, "n_layer": )" + layers + more + "}";
}

TEST_F(ModelConfig, ReadsTheShape) {
    const DecoderSpec spec = read(gpt2("3"));
    EXPECT_EQ(spec.layers, 3);
    EXPECT_EQ(spec.d_ff, 32);
}

TEST_F(ModelConfig, RefusesMoreBlocksThanCouldBeListed) {
    EXPECT_EQ(read(gpt2("4096")).layers, 4096);
    EXPECT_THAT(refused(gpt2("4097")), HasSubstr("\"layers\" is 4097"));
}

TEST_F(ModelConfig, RefusesCountsThatAreNone) {
    for (const char* count : {"0", "-1", "2.0", "\"2\"", "null", "18446744073709551615", "1048577"})
        EXPECT_THAT(refused(gpt2(count)), HasSubstr("\"n_layer\" is not")) << count;
}

TEST_F(ModelConfig, RefusesHostileJson) {
    EXPECT_THAT(refused("{\"model_type\":"), HasSubstr("malformed"));
    EXPECT_THAT(refused("[]"), HasSubstr("not an object"));
    EXPECT_THAT(refused(gpt2("1", R"(, "n_layer": 2)")), HasSubstr("\"n_layer\" appears twice"));
    EXPECT_THAT(refused(gpt2("1", R"(, "x": )" + std::string(100'000, '['))), HasSubstr("nested too deep"));
}

}  // namespace
}  // namespace layersweep::test
