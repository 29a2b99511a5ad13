#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "worker/data/tokenizer/byte_alphabet.hpp"

namespace layersweep {

/// A token that is recognised whole wherever it stands in a text, before anything is split.
struct AddedToken {
    std::string content;
    std::int32_t id = 0;
    bool normalized = false;  ///< looked for only where no token that is not stands
};

/// How a text between added tokens falls into the words that merges never cross.
struct PreTokenizerRules {
    enum class Digits { with_letters, in_runs, single };
    Digits digits = Digits::with_letters;  ///< numerals (Unicode's category N) are cut off first, whole runs of them or each alone
    bool adds_prefix_space = false;        ///< a part that does not begin with a space gets one
    bool splits_words = true;              ///< by GPT-2's pattern
    bool operator==(const PreTokenizerRules&) const = default;
};

/// Ids that stand in front of and behind a whole input.
struct Surroundings {
    std::vector<std::int32_t> front, behind;
    bool operator==(const Surroundings&) const = default;
};

/// What a byte-level BPE tokenizer is made of. Tokens are the bytes they stand for, not the printable characters of the files.
struct TokenizerFiles {
    std::unordered_map<std::string, std::int32_t> vocabulary;
    std::vector<std::pair<std::string, std::string>> merges;  ///< best first
    std::vector<AddedToken> added_tokens;
    PreTokenizerRules rules;
    std::optional<Surroundings> surroundings;  ///< nullopt: the files do not say
    /// What becomes of a byte that the vocabulary has no token for.
    enum class MissingByte { refused, dropped, unknown_token };
    MissingByte missing_byte = MissingByte::refused;
    std::int32_t unknown_token = 0;
    std::string source;  ///< the file to name in errors
};

/// The files of a model folder that decide how texts become tokens.
inline constexpr std::array tokenizer_file_names{"vocab.json", "merges.txt", "tokenizer.json", "added_tokens.json"};

/// From `tokenizer.json`, or from `vocab.json` + `merges.txt` where it is absent, as transformers does. Throws ConfigError for what is
/// missing or malformed, and names what is no part of byte-level BPE.
[[nodiscard]] TokenizerFiles read_tokenizer_files(const std::string& folder);

/// The parts that both forms share. They throw ConfigError.
[[noreturn]] void refuse_tokenizer(const std::string& place, const std::string& what);
/// For people: in quotes, a long one cut short.
[[nodiscard]] std::string in_quotes(std::string_view text);
[[nodiscard]] nlohmann::json parse_tokenizer_file(const std::string& path);
[[nodiscard]] std::int32_t token_id(const nlohmann::json& id, const char* kind, const std::string& name, const std::string& path);
void read_vocabulary(const nlohmann::json& printed, const ByteAlphabet& alphabet, TokenizerFiles& files);
/// `pair`: both tokens with a space between them, as in merges.txt.
void append_merge(std::string_view pair, const ByteAlphabet& alphabet, TokenizerFiles& files, const std::string& place);
void append_merge(std::string_view left, std::string_view right, const ByteAlphabet& alphabet, TokenizerFiles& files,
                  const std::string& place);

}  // namespace layersweep
