#include "worker/model/family/config_reader.hpp"
#include "worker/model/family/families.hpp"

namespace layersweep {

namespace {

/// transformers' GPT2Config and GPT2LMHeadModel: Conv1D weights [in, out], fused q, k, v, learned positions, pre-norm, tied head.
class Gpt2 final : public Family {
public:
    [[nodiscard]] std::string model_type() const override { return "gpt2"; }

    [[nodiscard]] DecoderSpec spec(const ConfigReader& config) const override {
        config.refuse_unless("scale_attn_weights", true, true);
        config.refuse_unless("scale_attn_by_inverse_layer_idx", false, false);
        config.refuse_unless("reorder_and_upcast_attn", false, false);
        config.refuse_unless("add_cross_attention", false, false);
        config.refuse_unless("tie_word_embeddings", true, true);
        const auto activation = config.text("activation_function", "gelu_new");
        if (activation != "gelu_new" && activation != "gelu_pytorch_tanh") config.refuse("activation_function", activation, "gelu_new");
        DecoderSpec spec{.family = "gpt2"};
        spec.layers = config.count("n_layer");
        spec.d_model = config.count("n_embd");
        spec.heads = config.count("n_head");
        spec.d_ff = config.count_or("n_inner", 4 * spec.d_model);
        spec.vocabulary = config.count("vocab_size");
        spec.positions = config.count("n_positions");
        spec.norm_epsilon = config.number("layer_norm_epsilon", 1e-5);
        spec.activation = Activation::gelu_tanh;
        spec.layout = WeightLayout::in_out;
        spec.embedding_dropout = config.rate("embd_pdrop", 0.1);
        spec.attention_dropout = config.rate("attn_pdrop", 0.1);
        spec.residual_dropout = config.rate("resid_pdrop", 0.1);
        spec.initializer_range = config.number("initializer_range", 0.02);
        spec.scale_residual_init = true;
        spec.input = {.prefix_ids = {}, .max_length = spec.positions};
        return spec;
    }

    [[nodiscard]] std::vector<ParameterSource> table_sources(const DecoderSpec& spec) const override {
        return {one("wte", "wte.weight", {spec.vocabulary, spec.d_model}, ParameterRole::token_embedding),
                one("wpe", "wpe.weight", {spec.positions, spec.d_model}, ParameterRole::position_embedding)};
    }

    [[nodiscard]] std::vector<ParameterSource> block_sources(const DecoderSpec& spec, const std::string& ours,
                                                             std::int64_t block) const override {
        const auto theirs = "h." + std::to_string(block) + ".";
        const auto d = spec.d_model, inner = spec.d_ff;
        return {one(ours + ".ln1.weight", theirs + "ln_1.weight", {d}, ParameterRole::norm_weight),
                one(ours + ".ln1.bias", theirs + "ln_1.bias", {d}, ParameterRole::norm_bias),
                one(ours + ".qkv.weight", theirs + "attn.c_attn.weight", {d, 3 * d}, ParameterRole::weight),
                one(ours + ".qkv.bias", theirs + "attn.c_attn.bias", {3 * d}, ParameterRole::bias),
                one(ours + ".out.weight", theirs + "attn.c_proj.weight", {d, d}, ParameterRole::residual_projection),
                one(ours + ".out.bias", theirs + "attn.c_proj.bias", {d}, ParameterRole::bias),
                one(ours + ".ln2.weight", theirs + "ln_2.weight", {d}, ParameterRole::norm_weight),
                one(ours + ".ln2.bias", theirs + "ln_2.bias", {d}, ParameterRole::norm_bias),
                one(ours + ".up.weight", theirs + "mlp.c_fc.weight", {d, inner}, ParameterRole::weight),
                one(ours + ".up.bias", theirs + "mlp.c_fc.bias", {inner}, ParameterRole::bias),
                one(ours + ".down.weight", theirs + "mlp.c_proj.weight", {inner, d}, ParameterRole::residual_projection),
                one(ours + ".down.bias", theirs + "mlp.c_proj.bias", {d}, ParameterRole::bias)};
    }

    [[nodiscard]] std::vector<ParameterSource> final_norm_sources(const DecoderSpec& spec) const override {
        return {one("ln_f.weight", "ln_f.weight", {spec.d_model}, ParameterRole::norm_weight),
                one("ln_f.bias", "ln_f.bias", {spec.d_model}, ParameterRole::norm_bias)};
    }

    [[nodiscard]] const char* layer_count_key() const override { return "n_layer"; }

private:
    static ParameterSource one(std::string ours, const std::string& theirs, std::vector<std::int64_t> shape, ParameterRole role) {
        return {std::move(ours), shape, {{{"transformer." + theirs, theirs}, shape}}, role};
    }
};

}  // namespace

const Family& gpt2_family() {
    static const Gpt2 family;
    return family;
}

}  // namespace layersweep
