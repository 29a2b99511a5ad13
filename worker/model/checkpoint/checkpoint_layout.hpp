#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace layersweep {

enum class WeightFormat { safetensors, torch };

/// Which files of a model folder hold its weights.
struct CheckpointLayout {
    WeightFormat format = WeightFormat::safetensors;
    std::vector<std::string> weights;               ///< full paths, in order of name
    std::string index;                              ///< full path; empty where the weights are one file
    std::map<std::string, std::size_t> weight_map;  ///< of the index: tensor name to position in `weights`
    std::uint64_t index_bytes = 0;                  ///< bytes read to find out
};

/// Looks for, in this order: model.safetensors, its index, pytorch_model.bin, its index. Throws ConfigError where there is none, where
/// the index is malformed or hostile, and where a file that it names is missing.
[[nodiscard]] CheckpointLayout find_layout(const std::string& folder);

}  // namespace layersweep
