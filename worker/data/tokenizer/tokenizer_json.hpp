#pragma once

#include <string>

#include "worker/data/tokenizer/tokenizer_files.hpp"

namespace layersweep {

/// A `tokenizer.json` of the library `tokenizers` that is byte-level BPE: pre-tokenizers ByteLevel and Digits, post-processors ByteLevel
/// and TemplateProcessing. Throws ConfigError that names any other part by its key and type.
[[nodiscard]] TokenizerFiles read_tokenizer_json(const std::string& path);

}  // namespace layersweep
