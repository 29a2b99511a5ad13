#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace layersweep {

/// What a byte-level BPE tokenizer is made of. Tokens are the bytes they stand for, not the printable characters of the files.
struct TokenizerFiles {
    std::unordered_map<std::string, std::int32_t> vocabulary;
    std::vector<std::pair<std::string, std::string>> merges;  ///< best first
    /// Recognised whole wherever they stand in a text, before anything is split.
    std::vector<std::pair<std::string, std::int32_t>> added_tokens;
    std::string source;  ///< the file to name in errors
};

/// The files of a model folder that decide how texts become tokens.
inline constexpr std::array tokenizer_file_names{"vocab.json", "merges.txt", "tokenizer.json", "added_tokens.json"};

/// From `vocab.json` + `merges.txt`, or from `tokenizer.json` where these are absent. Throws ConfigError for what is missing, malformed,
/// or no byte-level BPE as GPT-2 and OPT use it.
[[nodiscard]] TokenizerFiles read_tokenizer_files(const std::string& folder);

}  // namespace layersweep
