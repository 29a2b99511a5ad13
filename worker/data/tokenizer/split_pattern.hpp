#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace layersweep {

/// Cuts a text into pieces that together are the whole text. Thread-safe after construction. What is a letter and what a numeral is
/// PCRE2's version of Unicode: in a library of 2022 (10.42, Unicode 14) characters that came later are neither.
class SplitPattern {
public:
    enum class Cuts {
        words,         ///< GPT-2's pattern (Radford et al. 2019, encoder.py)
        numeral_runs,  ///< numerals (Unicode's category N) side by side, and what stands between them
        each_numeral,  ///< the same, each numeral alone
    };
    explicit SplitPattern(Cuts cuts);
    ~SplitPattern();
    SplitPattern(SplitPattern&&) noexcept;
    SplitPattern& operator=(SplitPattern&&) noexcept;

    /// Calls `piece(begin, end)` for every piece in order. The text must be UTF-8.
    void for_each_piece(std::string_view utf8, const std::function<void(std::size_t, std::size_t)>& piece) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace layersweep
