#include "worker/model/family/config_reader.hpp"
#include "worker/model/family/families.hpp"

namespace layersweep {

namespace {

/// transformers' LlamaConfig and LlamaForCausalLM: Linear weights [out, in] without biases, separate q, k, v with fewer heads of keys and
/// values, rotary positions of the default kind, RMS norms, SwiGLU, tied or untied head.
class Llama final : public Family {
public:
    [[nodiscard]] std::string model_type() const override { return "llama"; }

    [[nodiscard]] DecoderSpec spec(const ConfigReader& config) const override {
        config.refuse_unless("attention_bias", false, false);
        config.refuse_unless("mlp_bias", false, false);
        const auto activation = config.text("hidden_act", "silu");
        if (activation != "silu" && activation != "swish") config.refuse("hidden_act", activation, "silu");
        DecoderSpec spec{.family = "llama"};
        spec.layers = config.count("num_hidden_layers");
        spec.d_model = config.count("hidden_size");
        spec.heads = config.count("num_attention_heads");
        spec.kv_heads = config.count_or("num_key_value_heads", spec.heads);
        spec.head_width = config.count_or("head_dim", 0);
        spec.d_ff = config.count("intermediate_size");
        spec.vocabulary = config.count("vocab_size");
        spec.positions = config.count_or("max_position_embeddings", 2048);
        spec.rotary_base = rotary_base(config);
        spec.norm = Norm::rms;
        spec.norm_epsilon = config.number("rms_norm_eps", 1e-6);
        spec.activation = Activation::silu;
        spec.has_gate = true;
        spec.has_tied_head = config.flag("tie_word_embeddings", false);
        spec.layout = WeightLayout::out_in;
        spec.attention_dropout = config.rate("attention_dropout", 0.0);
        spec.initializer_range = config.number("initializer_range", 0.02);
        spec.padding_id = config.token_or_none("pad_token_id", -1, spec.vocabulary);
        spec.input = {.prefix_ids = {}, .max_length = spec.positions};
        return spec;
    }

    [[nodiscard]] std::vector<ParameterSource> table_sources(const DecoderSpec& spec) const override {
        const std::vector<std::int64_t> shape{spec.vocabulary, spec.d_model};
        std::vector<ParameterSource> sources{one("wte", "embed_tokens.weight", shape, ParameterRole::token_embedding)};
        if (!spec.has_tied_head) sources.push_back({"lm_head", shape, {{{"lm_head.weight"}, shape}}, ParameterRole::output_embedding});
        return sources;
    }

    [[nodiscard]] std::vector<ParameterSource> block_sources(const DecoderSpec& spec, const std::string& ours,
                                                             std::int64_t block) const override {
        const auto theirs = "layers." + std::to_string(block) + ".";
        const auto attention = theirs + "self_attn.", mlp = theirs + "mlp.";
        const auto d = spec.d_model, inner = spec.d_ff, queries = spec.heads * spec.head_width, keys = spec.kv_heads * spec.head_width;
        return {
            one(ours + ".ln1.weight", theirs + "input_layernorm.weight", {d}, ParameterRole::norm_weight),
            {ours + ".qkv.weight",
             {queries + 2 * keys, d},
             {part(attention + "q_proj.weight", {queries, d}), part(attention + "k_proj.weight", {keys, d}),
              part(attention + "v_proj.weight", {keys, d})}},
            one(ours + ".out.weight", attention + "o_proj.weight", {d, queries}, ParameterRole::residual_projection),
            one(ours + ".ln2.weight", theirs + "post_attention_layernorm.weight", {d}, ParameterRole::norm_weight),
            {ours + ".up.weight", {2 * inner, d}, {part(mlp + "gate_proj.weight", {inner, d}), part(mlp + "up_proj.weight", {inner, d})}},
            one(ours + ".down.weight", mlp + "down_proj.weight", {d, inner}, ParameterRole::residual_projection)};
    }

    [[nodiscard]] std::vector<ParameterSource> final_norm_sources(const DecoderSpec& spec) const override {
        return {one("ln_f.weight", "norm.weight", {spec.d_model}, ParameterRole::norm_weight)};
    }

    [[nodiscard]] const char* layer_count_key() const override { return "num_hidden_layers"; }

private:
    /// transformers 5 writes `rope_parameters`; before, `rope_theta` stood beside `rope_scaling`, which goes first where both are there.
    static double rotary_base(const ConfigReader& config) {
        double base = config.number("rope_theta", 10000);
        for (const char* key : {"rope_scaling", "rope_parameters"}) {
            const auto rope = config.section(key);
            if (!rope || rope->json().empty()) continue;
            const auto type = rope->text("rope_type", rope->text("type", "default"));
            if (type != "default") rope->refuse("rope_type", "\"" + type + "\"", "\"default\"");
            if (const auto part = rope->number("partial_rotary_factor", 1); part != 1)
                rope->refuse("partial_rotary_factor", std::to_string(part), "1");
            base = rope->number("rope_theta", base);
            break;
        }
        if (!(base > 0)) config.refuse("rope_theta", std::to_string(base), "positive numbers");
        return base;
    }
    static ParameterPart part(const std::string& theirs, std::vector<std::int64_t> shape) {
        return {{"model." + theirs, theirs}, std::move(shape)};
    }
    static ParameterSource one(std::string ours, const std::string& theirs, std::vector<std::int64_t> shape, ParameterRole role) {
        return {std::move(ours), shape, {part(theirs, shape)}, role};
    }
};

}  // namespace

const Family& llama_family() {
    static const Llama family;
    return family;
}

}  // namespace layersweep
