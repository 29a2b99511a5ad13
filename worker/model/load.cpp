#include "worker/model/load.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"
#include "worker/data/philox.hpp"
#include "worker/data/read_file.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"
#include "worker/model/tensor_bytes.hpp"

namespace layersweep {

namespace {

/// Rows of `whole` that the parameter has.
at::Tensor chosen_rows(const ParameterSource& source, const at::Tensor& whole) {
    return source.rows.empty() ? whole : whole.index_select(0, at::tensor(source.rows, at::kLong));
}

at::Tensor normal_numbers(const std::vector<std::int64_t>& shape, double standard_deviation, std::uint64_t seed,
                          const std::string& purpose) {
    RandomStream stream(seed, purpose);
    auto values = at::empty(shape, at::kDouble);
    auto* data = values.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < values.numel(); ++i) data[i] = standard_deviation * stream.normal();
    return values;
}

/// As transformers initialises them; [all rows of the parameter's only part, …].
at::Tensor random_table(const ParameterSource& source, const DecoderSpec& spec, std::uint64_t seed) {
    auto table = normal_numbers(source.parts.front().shape, spec.initializer_range, seed, "init/" + source.name);
    if (source.role == ParameterRole::token_embedding && spec.padding_id >= 0) table.select(0, spec.padding_id).zero_();
    return table;
}

void copy_tokenizer_files(const std::string& from, const std::string& to) {
    std::vector<std::string> names(tokenizer_file_names.begin(), tokenizer_file_names.end());
    names.insert(names.end(), {"tokenizer_config.json", "special_tokens_map.json"});
    for (const auto& name : names) {
        std::filesystem::remove(to + "/" + name);
        if (std::filesystem::exists(from + "/" + name)) replace_file(to + "/" + name, read_file(from + "/" + name));
    }
}

TensorToWrite as_stored(const ParameterPart& part, const std::string& folder, at::ScalarType type) {
    const auto checkpoint = Checkpoint::open(folder);
    auto values = at::empty(part.shape, type);
    read_whole(checkpoint, find_part(checkpoint, part, folder), values);
    return to_write(part.names.front(), values);
}

}  // namespace

ParameterSource head_source(std::int64_t classes, std::int64_t d_model) {
    return {.name = head_name, .shape = {classes, d_model}, .parts = {}, .role = ParameterRole::weight};
}

void load_pretrained(Parameters& parameters, const ModelRef& model, const Checkpoint& checkpoint, PristineTensors& pristine, Pulse& pulse) {
    pristine.begin_load();
    for (const auto& source : parameters.sources()) {
        const auto& values = parameters[source.name];
        std::int64_t row = 0;
        for (const auto& part : source.parts) {
            const auto& stored = find_part(checkpoint, part, model.path);
            if (source.rows.empty()) {
                pristine.copy_to(values.narrow(0, row, part.shape.front()), model, checkpoint, stored);
                row += part.shape.front();
            } else {
                read_rows(checkpoint, stored, source.rows, values);
            }
            pulse.beat();
        }
    }
}

void initialize_random(Parameters& parameters, const DecoderSpec& spec, std::int64_t blocks, std::uint64_t seed, Pulse& pulse) {
    for (const auto& source : parameters.sources()) {
        if (source.parts.empty()) continue;
        pulse.beat();
        const auto& values = parameters[source.name];
        switch (source.role) {
            case ParameterRole::bias:
            case ParameterRole::norm_bias:
                values.zero_();
                break;
            case ParameterRole::norm_weight:
                values.fill_(1);
                break;
            case ParameterRole::residual_projection: {
                const double divisor = spec.scale_residual_init && blocks > 0 ? std::sqrt(2.0 * double(blocks)) : 1.0;
                values.copy_(normal_numbers(source.shape, spec.initializer_range / divisor, seed, "init/" + source.name));
                break;
            }
            case ParameterRole::token_embedding:
            case ParameterRole::position_embedding:
            case ParameterRole::output_embedding:
                values.copy_(chosen_rows(source, random_table(source, spec, seed)));
                break;
            default:
                values.copy_(normal_numbers(source.shape, spec.initializer_range, seed, "init/" + source.name));
        }
    }
}

void initialize_head(Parameters& parameters, std::uint64_t seed) {
    for (const auto& source : parameters.sources()) {
        if (source.name == head_name) parameters[source.name].copy_(normal_numbers(source.shape, 0.02, seed, "head"));
    }
}

void export_model(const std::string& folder, const Parameters& parameters, const WholeTables& tables, const std::string& source_folder,
                  std::int64_t blocks) {
    // Whichever blocks were kept, the written model numbers its own from 0.
    std::vector<std::int64_t> own_blocks(static_cast<std::size_t>(blocks));
    std::iota(own_blocks.begin(), own_blocks.end(), std::int64_t{0});
    const auto written = parameter_sources(read_decoder_spec(source_folder), own_blocks);
    make_folder(folder);
    auto config = cut_config(source_folder, blocks);
    // transformers loads a model in the type that its config names.
    config.erase("dtype");
    config["torch_dtype"] = parameters.values().scalar_type() == at::kDouble ? "float64" : "float32";
    replace_file(folder + "/config.json", config.dump(2) + '\n');
    copy_tokenizer_files(source_folder, folder);
    std::vector<TensorToWrite> tensors;
    for (const auto& source : written) {
        if (!parameters.has(source.name)) {
            // A linear head stands in the place of an untied one, which goes along as it was: the folder is a whole model.
            tensors.push_back(as_stored(source.parts.front(), source_folder, parameters.values().scalar_type()));
            continue;
        }
        const auto whole = tables.find(source.name);
        const auto& values = whole == tables.end() ? parameters[source.name] : whole->second;
        std::int64_t row = 0;
        for (const auto& part : source.parts) {
            tensors.push_back(to_write(part.names.front(), values.narrow(0, row, part.shape.front())));
            row += part.shape.front();
        }
    }
    std::filesystem::remove(folder + "/head.safetensors");
    if (parameters.sources().back().name == head_name)
        write_safetensors(folder + "/head.safetensors", {to_write("weight", parameters[head_name])});
    write_safetensors(folder + "/model.safetensors", tensors);
}

}  // namespace layersweep
