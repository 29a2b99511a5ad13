#include "worker/model/family/config_reader.hpp"
#include "worker/model/family/families.hpp"

namespace layersweep {

namespace {

/// Rows of the position table before position 0 (transformers' OPTLearnedPositionalEmbedding).
constexpr std::int64_t position_offset = 2;

/// transformers' OPTConfig and OPTForCausalLM in the form of 125m to 66b: Linear weights [out, in], separate q, k, v, learned positions
/// with an offset, pre-norm, ReLU, tied head, </s> in front of every input. 350m (post-norm, projected embeddings) is refused.
class Opt final : public Family {
public:
    [[nodiscard]] std::string model_type() const override { return "opt"; }

    [[nodiscard]] DecoderSpec spec(const ConfigReader& config) const override {
        config.refuse_unless("do_layer_norm_before", true, true);
        config.refuse_unless("_remove_final_layer_norm", false, false);
        config.refuse_unless("enable_bias", true, true);
        config.refuse_unless("layer_norm_elementwise_affine", true, true);
        config.refuse_unless("tie_word_embeddings", true, true);
        const auto activation = config.text("activation_function", "relu");
        if (activation != "relu") config.refuse("activation_function", activation, "relu");
        if (const auto rate = config.rate("layerdrop", 0.0); rate != 0) config.refuse("layerdrop", std::to_string(rate), "0");
        DecoderSpec spec{.family = "opt"};
        spec.layers = config.count("num_hidden_layers");
        spec.d_model = config.count("hidden_size");
        if (const auto projected = config.count_or("word_embed_proj_dim", spec.d_model); projected != spec.d_model)
            config.refuse("word_embed_proj_dim", std::to_string(projected), std::to_string(spec.d_model) + ", the hidden_size");
        spec.heads = config.count("num_attention_heads");
        spec.d_ff = config.count("ffn_dim");
        spec.vocabulary = config.count("vocab_size");
        spec.positions = config.count("max_position_embeddings");
        spec.position_offset = position_offset;
        spec.activation = Activation::relu;
        spec.layout = WeightLayout::out_in;
        spec.attention_dropout = config.rate("attention_dropout", 0.0);
        spec.residual_dropout = config.rate("dropout", 0.1);
        spec.initializer_range = config.number("init_std", 0.02);
        const auto first = config.count_or("bos_token_id", 2);
        if (first >= spec.vocabulary) config.refuse("bos_token_id", std::to_string(first), "ids inside the vocabulary");
        spec.padding_id = config.token_or_none("pad_token_id", 1, spec.vocabulary);
        spec.input = {.prefix_ids = {std::int32_t(first)}, .max_length = spec.positions};
        return spec;
    }

    [[nodiscard]] std::vector<ParameterSource> table_sources(const DecoderSpec& spec) const override {
        return {one("wte", "embed_tokens.weight", {spec.vocabulary, spec.d_model}, ParameterRole::token_embedding),
                one("wpe", "embed_positions.weight", {spec.positions + position_offset, spec.d_model}, ParameterRole::position_embedding)};
    }

    [[nodiscard]] std::vector<ParameterSource> block_sources(const DecoderSpec& spec, const std::string& ours,
                                                             std::int64_t block) const override {
        const auto theirs = "layers." + std::to_string(block) + ".";
        const auto d = spec.d_model, inner = spec.d_ff;
        return {one(ours + ".ln1.weight", theirs + "self_attn_layer_norm.weight", {d}, ParameterRole::norm_weight),
                one(ours + ".ln1.bias", theirs + "self_attn_layer_norm.bias", {d}, ParameterRole::norm_bias),
                qkv(ours + ".qkv.weight", theirs + "self_attn.", ".weight", {d, d}, ParameterRole::weight),
                qkv(ours + ".qkv.bias", theirs + "self_attn.", ".bias", {d}, ParameterRole::bias),
                one(ours + ".out.weight", theirs + "self_attn.out_proj.weight", {d, d}, ParameterRole::residual_projection),
                one(ours + ".out.bias", theirs + "self_attn.out_proj.bias", {d}, ParameterRole::bias),
                one(ours + ".ln2.weight", theirs + "final_layer_norm.weight", {d}, ParameterRole::norm_weight),
                one(ours + ".ln2.bias", theirs + "final_layer_norm.bias", {d}, ParameterRole::norm_bias),
                one(ours + ".up.weight", theirs + "fc1.weight", {inner, d}, ParameterRole::weight),
                one(ours + ".up.bias", theirs + "fc1.bias", {inner}, ParameterRole::bias),
                one(ours + ".down.weight", theirs + "fc2.weight", {d, inner}, ParameterRole::residual_projection),
                one(ours + ".down.bias", theirs + "fc2.bias", {d}, ParameterRole::bias)};
    }

    [[nodiscard]] std::vector<ParameterSource> final_norm_sources(const DecoderSpec& spec) const override {
        return {one("ln_f.weight", "final_layer_norm.weight", {spec.d_model}, ParameterRole::norm_weight),
                one("ln_f.bias", "final_layer_norm.bias", {spec.d_model}, ParameterRole::norm_bias)};
    }

    [[nodiscard]] const char* layer_count_key() const override { return "num_hidden_layers"; }

private:
    static ParameterPart part(const std::string& theirs, std::vector<std::int64_t> shape) {
        return {{"model.decoder." + theirs, "decoder." + theirs}, std::move(shape)};
    }
    static ParameterSource one(std::string ours, const std::string& theirs, std::vector<std::int64_t> shape, ParameterRole role) {
        return {std::move(ours), shape, {part(theirs, shape)}, role};
    }
    static ParameterSource qkv(std::string ours, const std::string& front, const std::string& back, const std::vector<std::int64_t>& shape,
                               ParameterRole role) {
        auto whole = shape;
        whole.front() *= 3;
        return {std::move(ours),
                whole,
                {part(front + "q_proj" + back, shape), part(front + "k_proj" + back, shape), part(front + "v_proj" + back, shape)},
                role};
    }
};

}  // namespace

const Family& opt_family() {
    static const Opt family;
    return family;
}

}  // namespace layersweep
