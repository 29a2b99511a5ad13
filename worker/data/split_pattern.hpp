#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace layersweep {

/// GPT-2's splitting pattern (Radford et al. 2019, encoder.py): cuts a text into the words that byte-pair merges never cross.
/// Thread-safe after construction.
class SplitPattern {
public:
    SplitPattern();
    ~SplitPattern();
    SplitPattern(SplitPattern&&) noexcept;
    SplitPattern& operator=(SplitPattern&&) noexcept;

    /// Calls `word(begin, end)` for every word in order; together they are the whole text, which must be UTF-8.
    void for_each_word(std::string_view utf8, const std::function<void(std::size_t, std::size_t)>& word) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace layersweep
