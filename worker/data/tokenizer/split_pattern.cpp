#define PCRE2_CODE_UNIT_WIDTH 8

#include "worker/data/tokenizer/split_pattern.hpp"

#include <pcre2.h>

#include <string>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

// Unicode's White_Space, spelt out: PCRE2's \s takes in U+180E, which has not been white space since Unicode 6.3.
#define LAYERSWEEP_SPACE R"(\x{09}-\x{0D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})"

constexpr std::string_view words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^)" LAYERSWEEP_SPACE R"(\p{L}\p{N}]+|[)" LAYERSWEEP_SPACE
                                   R"(]+(?![^)" LAYERSWEEP_SPACE R"(])|[)" LAYERSWEEP_SPACE R"(]+)";

#undef LAYERSWEEP_SPACE

constexpr std::string_view pattern_of(SplitPattern::Cuts cuts) {
    switch (cuts) {
        case SplitPattern::Cuts::numeral_runs:
            return R"(\p{N}+|\P{N}+)";
        case SplitPattern::Cuts::each_numeral:
            return R"(\p{N}|\P{N}+)";
        case SplitPattern::Cuts::words:
            break;
    }
    return words;
}

struct CodeDeleter {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDeleter {
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

std::string pcre2_message(int error) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return reinterpret_cast<const char*>(text);
}

}  // namespace

struct SplitPattern::Impl {
    std::unique_ptr<pcre2_code, CodeDeleter> code;
};

SplitPattern::SplitPattern(Cuts cuts) : impl_(std::make_unique<Impl>()) {
    const auto pattern = pattern_of(cuts);
    int error = 0;
    PCRE2_SIZE offset = 0;
    impl_->code.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
    LAYERSWEEP_CHECK(impl_->code != nullptr, "the splitting pattern at " + std::to_string(offset) + ": " + pcre2_message(error));
    // Without a just-in-time compiler (an exotic processor) pcre2_match finds the same, later.
    pcre2_jit_compile(impl_->code.get(), PCRE2_JIT_COMPLETE);
}

SplitPattern::~SplitPattern() = default;
SplitPattern::SplitPattern(SplitPattern&&) noexcept = default;
SplitPattern& SplitPattern::operator=(SplitPattern&&) noexcept = default;

void SplitPattern::for_each_piece(std::string_view utf8, const std::function<void(std::size_t, std::size_t)>& piece) const {
    const std::unique_ptr<pcre2_match_data, MatchDeleter> match(pcre2_match_data_create(1, nullptr));
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(utf8.data());
    for (std::size_t at = 0; at < utf8.size();) {
        // The text is known to be UTF-8; checking it again for every piece would take quadratic time.
        const int found = pcre2_match(impl_->code.get(), subject, utf8.size(), at, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
        LAYERSWEEP_CHECK(found > 0, "the splitting pattern found nothing: " + pcre2_message(found));
        const auto* bounds = pcre2_get_ovector_pointer(match.get());
        LAYERSWEEP_CHECK(bounds[0] == at && bounds[1] > at, "the splitting pattern left a gap at byte " + std::to_string(at));
        piece(bounds[0], bounds[1]);
        at = bounds[1];
    }
}

}  // namespace layersweep
