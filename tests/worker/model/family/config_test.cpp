#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

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

/// A Llama whose key `key` has another value; "null" takes a key away.
std::string llama(const std::string& key = "model_type", const std::string& value = "\"llama\"") {
    auto config = nlohmann::json::parse(R"({
        "model_type": "llama", "hidden_size": 12, "num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 20,
        "vocab_size": 11, "num_hidden_layers": 3, "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 500.0,
        "tie_word_embeddings": true})");
    config[key] = nlohmann::json::parse(value);
    return config.dump();
}

TEST_F(ModelConfig, ReadsALlama) {
    const DecoderSpec spec = read(llama());
    EXPECT_EQ(spec.head_width, 2);
    EXPECT_EQ(spec.rotary_base, 500.0);
    EXPECT_EQ(spec.norm, Norm::rms);
    EXPECT_EQ(spec.padding_id, -1);
    EXPECT_EQ(read(llama("num_key_value_heads", "null")).kv_heads, 6);
    EXPECT_EQ(read(llama("head_dim", "8")).head_width, 8);
    EXPECT_EQ(read(llama("rope_theta", "null")).rotary_base, 10000.0);
    EXPECT_EQ(read(llama("rope_parameters", R"({"rope_type": "default", "rope_theta": 7.0})")).rotary_base, 7.0);
    EXPECT_EQ(read(llama("rope_scaling", R"({"type": "default"})")).rotary_base, 500.0);
    EXPECT_EQ(read(llama("rope_scaling", "{}")).rotary_base, 500.0);
    auto both = nlohmann::json::parse(llama("rope_parameters", R"({"rope_theta": 9.0})"));
    both["rope_scaling"] = {{"rope_type", "default"}, {"rope_theta", 7.0}};
    EXPECT_EQ(read(both.dump()).rotary_base, 7.0);
    EXPECT_EQ(read(llama("hidden_act", "\"swish\"")).activation, Activation::silu);
    EXPECT_FALSE(read(llama("tie_word_embeddings", "null")).has_tied_head);
}

TEST_F(ModelConfig, RefusesOtherLlamas) {
    for (const auto& [key, value, told] : std::vector<std::array<std::string, 3>>{
             {"attention_bias", "true", "attention_bias"},
             {"mlp_bias", "true", "mlp_bias"},
             {"hidden_act", "\"gelu\"", "hidden_act"},
             {"rope_scaling", R"({"rope_type": "llama3", "factor": 8.0})", "\"llama3\""},
             {"rope_scaling", R"({"type": "linear", "factor": 2.0})", "\"linear\""},
             {"rope_parameters", R"({"rope_type": "yarn"})", "rope_parameters.rope_type"},
             {"rope_parameters", R"({"partial_rotary_factor": 0.5})", "partial_rotary_factor"},
             {"rope_parameters", "7", "rope_parameters"},
             {"quantization_config", R"({"quant_method": "gptq", "bits": 4})", "\"gptq\""},
             {"rope_theta", "-1", "rope_theta"},
             {"num_key_value_heads", "4", "divide"},
             {"head_dim", "3", "even"},
             {"pad_token_id", "11", "pad_token_id"},
         })
        EXPECT_THAT(refused(llama(key, value)), HasSubstr(told)) << key << ": " << value;
}

TEST_F(ModelConfig, CountsWhatWorkDependsOn) {
    const auto size = size_of(read(llama()));
    EXPECT_EQ(size, (DecoderSize{.d_model = 12,
                                 .vocabulary = 11,
                                 .position_rows = 0,
                                 .has_tied_head = true,
                                 .query_width = 12,
                                 .keys_values = 2 * 4 * 12,
                                 .block_matrices = 2 * 12 * 12 + 2 * 4 * 12 + 3 * 12 * 20,
                                 .block_parameters = 2 * 12 * 12 + 2 * 4 * 12 + 3 * 12 * 20 + 2 * 12,
                                 .final_norm = 12}));
    EXPECT_EQ(trained_parameters(size, Mode::cls, 2, 5), (11 + 5 + 1) * 12 + 2 * size.block_parameters);
    const auto untied = size_of(read(llama("tie_word_embeddings", "false")));
    EXPECT_EQ(trained_parameters(untied, Mode::lm, 2, 5) - trained_parameters(size, Mode::lm, 2, 5), 11 * 12);
    const auto learned = size_of(read(gpt2("3")));
    EXPECT_EQ(learned.position_rows, 9);
    EXPECT_EQ(learned.block_matrices, 4 * 8 * 8 + 2 * 8 * 32);
    EXPECT_EQ(learned.block_parameters, learned.block_matrices + 9 * 8 + 32);
}

}  // namespace
}  // namespace layersweep::test
