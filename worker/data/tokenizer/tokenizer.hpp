#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace layersweep {

/// One token and the bytes of the text that it stands for: [begin, end).
struct Token {
    std::int32_t id = 0;
    std::uint32_t begin = 0, end = 0;
};

struct Surroundings;

/// Byte-level BPE as GPT-2, OPT and SmolLM2 use it. Thread-safe after construction.
class Tokenizer {
public:
    /// From `tokenizer.json` of a Hugging Face folder, or its `vocab.json` + `merges.txt` where this is absent. Throws ConfigError.
    static Tokenizer open(const std::string& folder);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;

    /// No special token is put in front or behind; special tokens that stand in the text are recognised as transformers does. A space
    /// that the tokenizer puts in front of a text is no byte of it: a token of nothing else has begin = end.
    [[nodiscard]] std::vector<Token> encode(std::string_view utf8) const;
    [[nodiscard]] std::vector<std::int32_t> encode_ids(std::string_view utf8) const;
    /// What the tokenizer's files put around a whole input; nullptr: they do not say.
    [[nodiscard]] const Surroundings* surroundings() const;
    [[nodiscard]] std::int64_t vocabulary_size() const;

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl>);
    std::unique_ptr<Impl> impl_;
};

}  // namespace layersweep
