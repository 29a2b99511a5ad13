#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "worker/data/tokenizer/split_pattern.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"

namespace layersweep {

/// What byte-pair merges never cross.
struct Word {
    std::string_view bytes;
    std::size_t begin = 0;  ///< in the text, of the first byte that is the text's
    std::size_t added = 0;  ///< bytes in front that are not
};

/// Cuts a text that holds no added token into words. Thread-safe after construction.
class PreTokenizer {
public:
    explicit PreTokenizer(const PreTokenizerRules& rules);

    /// Calls `word` in order. A word's bytes are valid until it returns. The text must be UTF-8.
    void for_each_word(std::string_view utf8, const std::function<void(const Word&)>& word) const;

private:
    void cut_part(std::string_view part, std::size_t begin, const std::function<void(const Word&)>& word) const;

    std::optional<SplitPattern> numerals_, words_;
    bool adds_prefix_space_ = false;
};

}  // namespace layersweep
