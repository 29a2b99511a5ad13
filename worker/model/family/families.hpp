#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/model/family/family.hpp"

namespace layersweep {

class ConfigReader;

/// One kind of decoder: how its config.json reads and what its tensors are called.
class Family {
public:
    virtual ~Family() = default;
    [[nodiscard]] virtual std::string model_type() const = 0;  ///< in config.json
    [[nodiscard]] virtual DecoderSpec spec(const ConfigReader& config) const = 0;
    /// All in front of the blocks: those of an untied head are among them.
    [[nodiscard]] virtual std::vector<ParameterSource> table_sources(const DecoderSpec& spec) const = 0;
    /// `ours`: the block's canonical number as text; `block`: its number in the checkpoint.
    [[nodiscard]] virtual std::vector<ParameterSource> block_sources(const DecoderSpec& spec, const std::string& ours,
                                                                     std::int64_t block) const = 0;
    [[nodiscard]] virtual std::vector<ParameterSource> final_norm_sources(const DecoderSpec& spec) const = 0;
    [[nodiscard]] virtual const char* layer_count_key() const = 0;  ///< in config.json
};

[[nodiscard]] const Family& gpt2_family();
[[nodiscard]] const Family& opt_family();
[[nodiscard]] const Family& llama_family();

}  // namespace layersweep
