#pragma once

#include <string>

#include "orchestrator/config/sweep_config.hpp"

namespace layersweep {

/// The folder of the model `repository` ("org/name") in the local Hugging Face cache: $HF_HUB_CACHE, else $HF_HOME/hub, else
/// ~/.cache/huggingface/hub. Nothing is downloaded; throws ConfigError where it is not there.
[[nodiscard]] std::string find_in_hub_cache(const std::string& repository, const SourcePlace& place);

}  // namespace layersweep
