#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/family/family.hpp"
#include "worker/model/parameters.hpp"
#include "worker/model/pristine_tensors.hpp"
#include "worker/pulse.hpp"

namespace layersweep {

/// Name of the classification head among the parameters: [classes, d_model], no bias.
inline constexpr const char* head_name = "head.weight";

/// The head as a parameter without a source in any checkpoint.
[[nodiscard]] ParameterSource head_source(std::int64_t classes, std::int64_t d_model);

/// Fills every parameter that has parts from the model's checkpoint, reading just those tensors, and of these the ones that are not
/// pristine on the device. Throws ConfigError for a tensor that is missing or has another shape. The pulse beats for every tensor.
void load_pretrained(Parameters& parameters, const ModelRef& model, const Checkpoint& checkpoint, PristineTensors& pristine, Pulse& pulse);

/// Fills every parameter that has parts as transformers initialises the family with `blocks` blocks: N(0, initializer_range²) weights,
/// zero biases, unit norms; GPT-2 divides the projections into the residual by sqrt(2·blocks). The pulse beats for each.
void initialize_random(Parameters& parameters, const DecoderSpec& spec, std::int64_t blocks, std::uint64_t seed, Pulse& pulse);

/// Fills the head, where there is one, from N(0, 0.02²).
void initialize_head(Parameters& parameters, std::uint64_t seed);

/// Embedding tables of which a trial holds some rows, with all their rows: [all rows, d_model], by parameter.
using WholeTables = std::map<std::string, at::Tensor>;

/// Writes a Hugging Face folder: cut config.json, model.safetensors, the tokenizer's files, and head.safetensors ("weight") if there is a
/// head; what an earlier export left under these names goes. `source_folder`: where config and tokenizer come from.
void export_model(const std::string& folder, const Parameters& parameters, const WholeTables& tables, const std::string& source_folder,
                  std::int64_t blocks);

}  // namespace layersweep
