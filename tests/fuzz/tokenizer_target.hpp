#pragma once

#include <string>

#include "tests/fuzz/fuzz_target.hpp"
#include "worker/data/tokenizer/tokenizer.hpp"

namespace layersweep::test {

/// Opens the tokenizer of the scratch folder and encodes a text with it: tokens stand for parts of the text, in order.
inline void encode_with_scratch() {
    (void)accepted<ConfigError>([] {
        const Tokenizer tokenizer = Tokenizer::open(scratch().path().string());
        const std::string text = "Hello the  hell, it's 2\xC3\xA9t\xC3\xA9\n\t<|endoftext|></s>abcbc\xE3\x80\x80 x";
        std::uint32_t at = 0;
        for (const Token& token : tokenizer.encode(text)) {
            LAYERSWEEP_CHECK(token.begin >= at && token.end >= token.begin, "a token does not follow the one before it");
            LAYERSWEEP_CHECK(token.id >= 0 && token.id < tokenizer.vocabulary_size(), "a token is outside the vocabulary");
            at = token.end;
        }
        LAYERSWEEP_CHECK(at <= text.size(), "the tokens are more than the text");
    });
}

}  // namespace layersweep::test
