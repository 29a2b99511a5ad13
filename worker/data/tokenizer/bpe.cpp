#include "worker/data/tokenizer/bpe.hpp"

#include <queue>
#include <string>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

constexpr std::int32_t none = -1;

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

/// A token of the word so far, in a linked list over the word's bytes. A joined right neighbour has id `none`.
struct Symbol {
    std::int32_t id = none;
    std::int32_t previous = none, next = none;
    std::uint32_t begin = 0, end = 0;
};

/// A possible join of the symbol at `at` with its right neighbour; stale once either has changed.
struct Candidate {
    std::int32_t rank = 0, at = 0;
    std::int32_t left = 0, right = 0, joined = 0;
    bool operator<(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
};

}  // namespace

Bpe::Bpe(const TokenizerFiles& files) : source_(files.source), missing_byte_(files.missing_byte), unknown_token_(files.unknown_token) {
    const auto id_of = [&](const std::string& token) {
        const auto found = files.vocabulary.find(token);
        if (found != files.vocabulary.end()) return found->second;
        throw ConfigError(files.source, "a merge names the token " + in_quotes(token) + ", which is not in the vocabulary",
                          "vocabulary and merges do not belong together", "give both files of the same model");
    };
    for (std::size_t byte = 0; byte < byte_ids_.size(); ++byte) {
        const auto found = files.vocabulary.find(std::string(1, static_cast<char>(byte)));
        byte_ids_[byte] = found == files.vocabulary.end() ? none : found->second;
    }
    merges_.reserve(files.merges.size());
    std::int32_t rank = 0;
    // Of a merge that stands twice the last counts, as in the library `tokenizers`.
    for (const auto& [left, right] : files.merges)
        merges_.insert_or_assign(pair_key(id_of(left), id_of(right)), Merge{rank++, id_of(left + right)});
}

const Bpe::Merge* Bpe::find(std::int32_t left, std::int32_t right) const {
    const auto found = merges_.find(pair_key(left, right));
    return found == merges_.end() ? nullptr : &found->second;
}

std::optional<std::int32_t> Bpe::byte_id(char byte) const {
    const auto index = static_cast<unsigned char>(byte);
    if (byte_ids_[index] != none) return byte_ids_[index];
    if (missing_byte_ == TokenizerFiles::MissingByte::unknown_token) return unknown_token_;
    if (missing_byte_ == TokenizerFiles::MissingByte::dropped) return std::nullopt;
    throw ConfigError(source_, "the vocabulary has no token for the byte " + std::to_string(index),
                      "a text holds it, and a byte-level vocabulary must cover all 256", "give the complete vocabulary");
}

/// One word while its neighbours are joined.
class Bpe::Word {
public:
    Word(const Bpe& bpe, std::string_view bytes) : bpe_(bpe) {
        symbols_.reserve(bytes.size());
        for (std::uint32_t i = 0; i < bytes.size(); ++i) {
            const auto at = static_cast<std::int32_t>(symbols_.size());
            if (const auto id = bpe.byte_id(bytes[i])) symbols_.push_back({*id, at - 1, at + 1, i, i + 1});
        }
        if (!symbols_.empty()) symbols_.back().next = none;
        for (std::size_t i = 0; i < symbols_.size(); ++i) consider(static_cast<std::int32_t>(i));
    }

    void join_all() {
        while (!candidates_.empty()) {
            const Candidate best = candidates_.top();
            candidates_.pop();
            Symbol& left = symbol(best.at);
            if (left.id != best.left || left.next == none || symbol(left.next).id != best.right) continue;
            Symbol& right = symbol(left.next);
            left = {best.joined, left.previous, right.next, left.begin, right.end};
            right.id = none;
            if (left.next != none) symbol(left.next).previous = best.at;
            consider(best.at);
            consider(left.previous);
        }
    }

    void append_to(std::vector<Token>& out) const {
        for (std::int32_t at = symbols_.empty() ? none : 0; at != none; at = symbols_[static_cast<std::size_t>(at)].next) {
            const Symbol& symbol = symbols_[static_cast<std::size_t>(at)];
            out.push_back({symbol.id, symbol.begin, symbol.end});
        }
    }

private:
    Symbol& symbol(std::int32_t at) { return symbols_[static_cast<std::size_t>(at)]; }

    void consider(std::int32_t at) {
        if (at == none || symbol(at).next == none) return;
        const auto left = symbol(at).id, right = symbol(symbol(at).next).id;
        if (const Merge* merge = bpe_.find(left, right)) candidates_.push({merge->rank, at, left, right, merge->id});
    }

    const Bpe& bpe_;
    std::vector<Symbol> symbols_;
    std::priority_queue<Candidate> candidates_;
};

void Bpe::encode_word(std::string_view word, std::vector<Token>& out) const {
    Word joined(*this, word);
    joined.join_all();
    joined.append_to(out);
}

}  // namespace layersweep
