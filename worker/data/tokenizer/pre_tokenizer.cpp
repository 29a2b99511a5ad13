#include "worker/data/tokenizer/pre_tokenizer.hpp"

#include <algorithm>
#include <string>

namespace layersweep {

PreTokenizer::PreTokenizer(const PreTokenizerRules& rules) : adds_prefix_space_(rules.adds_prefix_space) {
    using Digits = PreTokenizerRules::Digits;
    using Cuts = SplitPattern::Cuts;
    if (rules.digits != Digits::with_letters) numerals_.emplace(rules.digits == Digits::single ? Cuts::each_numeral : Cuts::numeral_runs);
    if (rules.splits_words) words_.emplace(Cuts::words);
}

void PreTokenizer::for_each_word(std::string_view utf8, const std::function<void(const Word&)>& word) const {
    if (!numerals_) return cut_part(utf8, 0, word);
    numerals_->for_each_piece(utf8, [&](std::size_t begin, std::size_t end) { cut_part(utf8.substr(begin, end - begin), begin, word); });
}

void PreTokenizer::cut_part(std::string_view part, std::size_t begin, const std::function<void(const Word&)>& word) const {
    if (part.empty()) return;
    const std::size_t added = adds_prefix_space_ && part.front() != ' ' ? 1 : 0;
    const std::string spaced = added > 0 ? ' ' + std::string(part) : std::string();
    const auto text = added > 0 ? std::string_view(spaced) : part;
    const auto give = [&](std::size_t from, std::size_t to) {
        const auto foreign = added - std::min(added, from);
        word({text.substr(from, to - from), begin + from + foreign - added, foreign});
    };
    if (words_)
        words_->for_each_piece(text, give);
    else
        give(0, text.size());
}

}  // namespace layersweep
