#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/work.hpp"
#include "worker/data/encoding.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"

namespace layersweep {

// What a decoder is made of, as plain data without LibTorch. A family is one file beside this one that turns a Hugging Face
// config.json into a DecoderSpec; worker/model/decoder computes any DecoderSpec.

enum class Norm { layer, rms };
enum class Activation { gelu_tanh, relu, silu };
/// How a linear layer's weight lies in memory: y = x·W for [in, out] (GPT-2's Conv1D), y = x·Wᵀ for [out, in].
enum class WeightLayout { in_out, out_in };

/// Shape and settings of a pre-norm decoder. A bias is there where the family lists one among its parameters.
struct DecoderSpec {
    std::string family;       ///< model_type of config.json
    std::int64_t layers = 0;  ///< blocks the checkpoint has
    std::int64_t d_model = 0, heads = 0, d_ff = 0;
    std::int64_t kv_heads = 0;    ///< heads of keys and values, each shared by heads / kv_heads heads of queries; 0: as many as heads
    std::int64_t head_width = 0;  ///< 0: d_model / heads
    std::int64_t vocabulary = 0;  ///< rows of the token embedding
    std::int64_t positions = 0;   ///< longest input in tokens, prefix included
    std::optional<double> rotary_base{};  ///< positions turn queries and keys (RoPE's theta); none: a table of positions is added
    std::int64_t position_offset = 0;     ///< row of the position table that position 0 reads (OPT: 2)
    Norm norm = Norm::layer;
    double norm_epsilon = 1e-5;
    Activation activation = Activation::gelu_tanh;
    bool has_gate = false;  ///< the MLP's inner numbers are activation(gate)·up instead of activation(up)
    bool has_tied_head = true;
    WeightLayout layout = WeightLayout::out_in;
    double embedding_dropout = 0, attention_dropout = 0, residual_dropout = 0;
    double initializer_range = 0.02;
    bool scale_residual_init = false;  ///< init: random divides the std of the two projections into the residual by sqrt(2·layers) (GPT-2)
    std::int64_t padding_id = -1;      ///< row of the token embedding that random weights leave zero and inputs do not train; -1: none
    InputRules input;
};

/// A tensor of a checkpoint that fills rows [.., ..) of a parameter: parts of one parameter are concatenated along dimension 0.
/// `names`: the spellings under which checkpoints carry it, first found wins.
struct ParameterPart {
    std::vector<std::string> names;
    std::vector<std::int64_t> shape;
};
enum class ParameterRole {
    token_embedding,
    position_embedding,
    output_embedding,
    weight,
    residual_projection,
    bias,
    norm_weight,
    norm_bias
};
/// One trained tensor: canonical name, full shape, and where it comes from.
/// Canonical names: "wte", "wpe" (learned positions), "lm_head" (an untied head), "ln_f.weight", "ln_f.bias", and per kept block i (from 0,
/// after pruning) "i.ln1.weight", "i.ln1.bias", "i.qkv.weight" (all heads' queries, keys, values; [out, in] for out_in, [in, out] for
/// in_out), "i.qkv.bias", "i.out.*", "i.ln2.*", "i.up.*" (with a gate: gate, up), "i.down.*".
struct ParameterSource {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<ParameterPart> parts;
    ParameterRole role = ParameterRole::weight;
    std::vector<std::int64_t> rows{};  ///< of the stored tensor, which is the only part, that the parameter has; empty: all
};

/// Name of the table whose rows score tokens.
[[nodiscard]] inline const char* head_table(const DecoderSpec& spec) {
    return spec.has_tied_head ? "wte" : "lm_head";
}

/// Reads config.json of `folder`. Throws ConfigError naming what is not supported: an unknown model_type, post-norm OPT, scaled rotary
/// positions, word_embed_proj_dim, other activations, a missing or malformed key.
[[nodiscard]] DecoderSpec read_decoder_spec(const std::string& folder);

/// The parameters of the cut model in registration order: tables, blocks, ln_f. `kept_blocks`: numbers of the checkpoint's blocks.
[[nodiscard]] std::vector<ParameterSource> parameter_sources(const DecoderSpec& spec, const std::vector<std::int64_t>& kept_blocks);

/// The part's tensor in a checkpoint. Throws ConfigError, which names `folder`, where it is missing or has another shape.
[[nodiscard]] const StoredTensor& find_part(const Checkpoint& checkpoint, const ParameterPart& part, const std::string& folder);

/// config.json of the model cut to `layers` blocks, as transformers reads it: the original's keys with the layer count changed.
[[nodiscard]] nlohmann::json cut_config(const std::string& folder, std::int64_t layers);

/// Numbers of the blocks that stay, ascending: first | last | alternate | ends | random (by seed). `keep` in [0, layers].
[[nodiscard]] std::vector<std::int64_t> kept_blocks(std::int64_t layers, std::int64_t keep, Prune strategy, std::uint64_t seed);

/// The same decoder in the numbers that its work depends on.
[[nodiscard]] DecoderSize size_of(const DecoderSpec& spec);

/// Content hash of config, weights and tokenizer files of a folder (no paths).
[[nodiscard]] std::string model_fingerprint(const std::string& folder);

}  // namespace layersweep
