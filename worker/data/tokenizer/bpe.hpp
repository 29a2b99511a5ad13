#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "worker/data/tokenizer/tokenizer.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"

namespace layersweep {

/// Byte-pair encoding of one word (Sennrich et al. 2016, over bytes as in GPT-2): of all neighbours the pair with the best merge is
/// joined first, the leftmost of equal ones. Thread-safe after construction.
class Bpe {
public:
    /// Throws ConfigError where a merge names a token that is not in the vocabulary.
    explicit Bpe(const TokenizerFiles& files);

    /// Appends the word's tokens, with offsets in the word. n bytes take O(n log n).
    void encode_word(std::string_view word, std::vector<Token>& out) const;

private:
    class Word;
    struct Merge {
        std::int32_t rank = 0;
        std::int32_t id = 0;  ///< of the joined token
    };

    /// nullopt: the byte is left out.
    [[nodiscard]] std::optional<std::int32_t> byte_id(char byte) const;
    [[nodiscard]] const Merge* find(std::int32_t left, std::int32_t right) const;

    std::string source_;
    TokenizerFiles::MissingByte missing_byte_;
    std::int32_t unknown_token_;
    std::array<std::int32_t, 256> byte_ids_{};
    std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace layersweep
