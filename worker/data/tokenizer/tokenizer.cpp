#include "worker/data/tokenizer/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "protocol/errors.hpp"
#include "protocol/utf8.hpp"
#include "worker/data/tokenizer/bpe.hpp"
#include "worker/data/tokenizer/pre_tokenizer.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"

namespace layersweep {
namespace {

/// Finds added tokens in a text: the leftmost, of these the longest.
class AddedTokens {
public:
    AddedTokens(const std::vector<AddedToken>& tokens, bool normalized) {
        for (const auto& token : tokens)
            if (token.normalized == normalized) of_byte(token.content[0]).push_back(token);
        for (auto& some : by_first_byte_)
            std::ranges::stable_sort(some, std::ranges::greater{}, [](const auto& token) { return token.content.size(); });
    }

    [[nodiscard]] std::optional<Token> find(std::string_view text, std::size_t from) const {
        for (std::size_t at = from; at < text.size(); ++at) {
            for (const auto& token : by_first_byte_[static_cast<unsigned char>(text[at])]) {
                if (!text.substr(at).starts_with(token.content)) continue;
                return Token{token.id, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + token.content.size())};
            }
        }
        return std::nullopt;
    }

    /// Calls `between(begin, end)` for what holds none of them, and `found` for each.
    template <class Between, class Found>
    void split(std::string_view text, std::size_t begin, std::size_t end, Between&& between, Found&& found) const {
        text = text.substr(0, end);
        for (std::size_t at = begin; at < end;) {
            const auto token = find(text, at);
            const std::size_t stop = token ? token->begin : end;
            if (stop > at) between(at, stop);
            if (token) found(*token);
            at = token ? token->end : end;
        }
    }

private:
    [[nodiscard]] std::vector<AddedToken>& of_byte(char byte) { return by_first_byte_[static_cast<unsigned char>(byte)]; }
    std::array<std::vector<AddedToken>, 256> by_first_byte_;  ///< each longest first
};

std::int64_t size_of(const TokenizerFiles& files) {
    std::int32_t largest = -1;
    for (const auto& [token, id] : files.vocabulary) largest = std::max(largest, id);
    for (const auto& token : files.added_tokens) largest = std::max(largest, token.id);
    if (files.missing_byte == TokenizerFiles::MissingByte::unknown_token) largest = std::max(largest, files.unknown_token);
    return std::int64_t{largest} + 1;
}

}  // namespace

struct Tokenizer::Impl {
    explicit Impl(const TokenizerFiles& files)
        : bpe(files),
          raw_tokens(files.added_tokens, false),
          normalized_tokens(files.added_tokens, true),
          vocabulary_size(size_of(files)),
          words(files.rules),
          surroundings(files.surroundings) {}

    void encode_words(std::string_view text, std::size_t begin, std::size_t end, std::vector<Token>& tokens) const {
        words.for_each_word(text.substr(begin, end - begin), [&](const Word& word) {
            auto next = tokens.size();
            bpe.encode_word(word.bytes, tokens);
            const auto place = [&](std::uint32_t in_word) {
                return static_cast<std::uint32_t>(begin + word.begin + std::max<std::size_t>(in_word, word.added) - word.added);
            };
            for (; next < tokens.size(); ++next) tokens[next] = {tokens[next].id, place(tokens[next].begin), place(tokens[next].end)};
        });
    }

    Bpe bpe;
    AddedTokens raw_tokens, normalized_tokens;
    std::int64_t vocabulary_size = 0;
    PreTokenizer words;
    std::optional<Surroundings> surroundings;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::open(const std::string& folder) {
    return Tokenizer(std::make_unique<Impl>(read_tokenizer_files(folder)));
}

std::vector<Token> Tokenizer::encode(std::string_view utf8) const {
    if (!is_utf8(utf8) || utf8.size() > std::numeric_limits<std::int32_t>::max()) {
        throw ConfigError("", "a text is not UTF-8, or longer than 2 GiB", "the tokenizer reads UTF-8 only",
                          "convert the data set's files");
    }
    std::vector<Token> tokens;
    tokens.reserve(utf8.size() / 3);
    const auto found = [&](const Token& token) { tokens.push_back(token); };
    const auto encode_words = [&](std::size_t begin, std::size_t end) { impl_->encode_words(utf8, begin, end, tokens); };
    impl_->raw_tokens.split(
        utf8, 0, utf8.size(),
        [&](std::size_t begin, std::size_t end) { impl_->normalized_tokens.split(utf8, begin, end, encode_words, found); }, found);
    return tokens;
}

std::vector<std::int32_t> Tokenizer::encode_ids(std::string_view utf8) const {
    std::vector<std::int32_t> ids;
    for (const Token& token : encode(utf8)) ids.push_back(token.id);
    return ids;
}

const Surroundings* Tokenizer::surroundings() const {
    return impl_->surroundings ? &*impl_->surroundings : nullptr;
}

std::int64_t Tokenizer::vocabulary_size() const {
    return impl_->vocabulary_size;
}

}  // namespace layersweep
