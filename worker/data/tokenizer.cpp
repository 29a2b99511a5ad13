#include "worker/data/tokenizer.hpp"

#include <algorithm>
#include <bitset>
#include <limits>
#include <optional>

#include "protocol/errors.hpp"
#include "protocol/utf8.hpp"
#include "worker/data/bpe.hpp"
#include "worker/data/split_pattern.hpp"
#include "worker/data/tokenizer_files.hpp"

namespace layersweep {
namespace {

/// Finds added tokens in a text: the leftmost, of these the longest.
class AddedTokens {
public:
    explicit AddedTokens(std::vector<std::pair<std::string, std::int32_t>> tokens) : tokens_(std::move(tokens)) {
        std::sort(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
        for (const auto& [content, id] : tokens_) first_bytes_.set(static_cast<unsigned char>(content[0]));
    }

    [[nodiscard]] std::optional<Token> find(std::string_view text, std::size_t from) const {
        for (std::size_t at = from; at < text.size(); ++at) {
            if (!first_bytes_[static_cast<unsigned char>(text[at])]) continue;
            for (const auto& [content, id] : tokens_) {
                if (!text.substr(at).starts_with(content)) continue;
                return Token{id, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + content.size())};
            }
        }
        return std::nullopt;
    }

private:
    std::vector<std::pair<std::string, std::int32_t>> tokens_;  ///< longest first
    std::bitset<256> first_bytes_;
};

std::int64_t size_of(const TokenizerFiles& files) {
    std::int32_t largest = -1;
    for (const auto& [token, id] : files.vocabulary) largest = std::max(largest, id);
    for (const auto& [token, id] : files.added_tokens) largest = std::max(largest, id);
    return std::int64_t{largest} + 1;
}

}  // namespace

struct Tokenizer::Impl {
    Bpe bpe;
    AddedTokens added_tokens;
    std::int64_t vocabulary_size = 0;
    SplitPattern split;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::open(const std::string& folder) {
    const TokenizerFiles files = read_tokenizer_files(folder);
    return Tokenizer(std::make_unique<Impl>(Impl{Bpe(files), AddedTokens(files.added_tokens), size_of(files), SplitPattern()}));
}

std::vector<Token> Tokenizer::encode(std::string_view utf8) const {
    if (!is_utf8(utf8) || utf8.size() > std::numeric_limits<std::int32_t>::max()) {
        throw ConfigError("", "a text is not UTF-8, or longer than 2 GiB", "the tokenizer reads UTF-8 only",
                          "convert the data set's files");
    }
    std::vector<Token> tokens;
    tokens.reserve(utf8.size() / 3);
    for (std::size_t at = 0; at < utf8.size();) {
        const auto added = impl_->added_tokens.find(utf8, at);
        const std::size_t end = added ? added->begin : utf8.size();
        impl_->split.for_each_word(utf8.substr(at, end - at), [&](std::size_t word_begin, std::size_t word_end) {
            impl_->bpe.encode_word(utf8.substr(at + word_begin, word_end - word_begin), static_cast<std::uint32_t>(at + word_begin),
                                   tokens);
        });
        if (added) tokens.push_back(*added);
        at = added ? added->end : end;
    }
    return tokens;
}

std::vector<std::int32_t> Tokenizer::encode_ids(std::string_view utf8) const {
    std::vector<std::int32_t> ids;
    for (const Token& token : encode(utf8)) ids.push_back(token.id);
    return ids;
}

std::int64_t Tokenizer::vocabulary_size() const {
    return impl_->vocabulary_size;
}

}  // namespace layersweep
