#include "worker/model/family/family.hpp"

#include <array>
#include <filesystem>

#include "protocol/errors.hpp"
#include "worker/data/fingerprint.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/family/config_reader.hpp"
#include "worker/model/family/families.hpp"

namespace layersweep {

namespace {

const std::array<const Family*, 2>& all_families() {
    static const std::array<const Family*, 2> families{&gpt2_family(), &opt_family()};
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
    if (spec.layers > most_layers) config.refuse("layers", std::to_string(spec.layers), "at most " + std::to_string(most_layers));
    if (spec.d_model % spec.heads != 0)
        config.refuse("heads", std::to_string(spec.heads), "head counts that divide the width " + std::to_string(spec.d_model));
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

std::int64_t parameter_count(const DecoderSpec& spec, std::int64_t keep) {
    std::int64_t sum = 0;
    for (const auto& source : parameter_sources(spec, std::vector<std::int64_t>(std::size_t(keep), 0))) sum += elements_of(source.shape);
    return sum;
}

std::string model_fingerprint(const std::string& folder) {
    std::vector<std::pair<std::string, std::string>> files{{"config.json", folder + "/config.json"}};
    for (const auto& path : checkpoint_files(folder)) files.emplace_back(std::filesystem::path(path).filename().string(), path);
    for (const char* name : tokenizer_file_names)
        if (std::filesystem::exists(folder + "/" + name)) files.emplace_back(name, folder + "/" + name);
    return fingerprint_of(files);
}

}  // namespace layersweep
