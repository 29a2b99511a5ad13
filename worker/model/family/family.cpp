#include "worker/model/family/family.hpp"

#include <filesystem>

#include "protocol/errors.hpp"
#include "worker/data/fingerprint.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/family/config_reader.hpp"
#include "worker/model/family/families.hpp"

namespace layersweep {

namespace {

const std::vector<const Family*>& all_families() {
    static const std::vector<const Family*> families{&gpt2_family(), &opt_family(), &llama_family()};
    return families;
}

/// Every block's tensors are listed by name; the deepest published decoders have some 100.
constexpr std::int64_t most_layers = 4096;

std::string supported_families() {
    std::string names;
    for (const auto* family : all_families()) names += (names.empty() ? "" : ", ") + family->model_type();
    return names;
}

const Family& family_of(const ConfigReader& config) {
    const auto type = config.text("model_type", "");
    for (const auto* family : all_families())
        if (family->model_type() == type) return *family;
    config.refuse("model_type", type.empty() ? "missing" : "\"" + type + "\"", supported_families());
}

const Family& family_named(const std::string& type) {
    for (const auto* family : all_families())
        if (family->model_type() == type) return *family;
    fail_check("family", __FILE__, __LINE__, "a spec of an unknown family " + type);
}

void append(std::vector<ParameterSource>& to, std::vector<ParameterSource> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

DecoderSpec read_decoder_spec(const std::string& folder) {
    const ConfigReader config(folder);
    auto spec = family_of(config).spec(config);
    if (const auto quantized = config.section("quantization_config"))
        quantized->refuse("quant_method", "\"" + quantized->text("quant_method", "?") + "\"", "weights in F32, F16 and BF16");
    if (spec.layers > most_layers) config.refuse("layers", std::to_string(spec.layers), "at most " + std::to_string(most_layers));
    if (spec.head_width == 0) {
        if (spec.d_model % spec.heads != 0)
            config.refuse("heads", std::to_string(spec.heads), "head counts that divide the width " + std::to_string(spec.d_model));
        spec.head_width = spec.d_model / spec.heads;
    }
    if (spec.kv_heads == 0) spec.kv_heads = spec.heads;
    if (spec.heads % spec.kv_heads != 0)
        config.refuse("key/value heads", std::to_string(spec.kv_heads), "counts that divide the heads " + std::to_string(spec.heads));
    if (spec.rotary_base && spec.head_width % 2 != 0)
        config.refuse("width of a head", std::to_string(spec.head_width), "even ones: rotary positions turn pairs");
    return spec;
}

std::vector<ParameterSource> parameter_sources(const DecoderSpec& spec, const std::vector<std::int64_t>& kept_blocks) {
    const auto& family = family_named(spec.family);
    auto sources = family.table_sources(spec);
    for (std::size_t i = 0; i < kept_blocks.size(); ++i) append(sources, family.block_sources(spec, std::to_string(i), kept_blocks[i]));
    append(sources, family.final_norm_sources(spec));
    return sources;
}

nlohmann::json cut_config(const std::string& folder, std::int64_t layers) {
    const ConfigReader config(folder);
    auto json = config.json();
    json[family_of(config).layer_count_key()] = layers;
    return json;
}

DecoderSize size_of(const DecoderSpec& spec) {
    DecoderSize size{.d_model = spec.d_model, .vocabulary = spec.vocabulary, .has_tied_head = spec.has_tied_head};
    size.query_width = spec.heads * spec.head_width;
    size.keys_values = 2 * spec.kv_heads * spec.head_width * spec.d_model;
    const auto& family = family_named(spec.family);
    for (const auto& source : family.table_sources(spec))
        if (source.role == ParameterRole::position_embedding) size.position_rows = source.shape.front();
    for (const auto& source : family.block_sources(spec, "0", 0)) {
        const auto count = elements_of(source.shape);
        const bool is_matrix = source.role == ParameterRole::weight || source.role == ParameterRole::residual_projection;
        if (is_matrix) size.block_matrices += count;
        size.block_parameters += count;
    }
    for (const auto& source : family.final_norm_sources(spec)) size.final_norm += elements_of(source.shape);
    return size;
}

std::string model_fingerprint(const std::string& folder) {
    std::vector<std::pair<std::string, std::string>> files{{"config.json", folder + "/config.json"}};
    for (const auto& path : checkpoint_files(folder)) files.emplace_back(std::filesystem::path(path).filename().string(), path);
    for (const char* name : tokenizer_file_names)
        if (std::filesystem::exists(folder + "/" + name)) files.emplace_back(name, folder + "/" + name);
    return fingerprint_of(files);
}

}  // namespace layersweep
