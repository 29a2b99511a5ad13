#include "protocol/utf8.hpp"

#include <gtest/gtest.h>

namespace layersweep {
namespace {

TEST(Utf8, AcceptsEveryLengthUpToTheLastCodePoint) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain ASCII that is longer than one machine word"));
    EXPECT_TRUE(is_utf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesWhatRfc3629Forbids) {
    EXPECT_FALSE(is_utf8("\x80"));              // a continuation alone
    EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong
    EXPECT_FALSE(is_utf8("\xE0\x80\xAF"));      // overlong
    EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // a surrogate
    EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
    EXPECT_FALSE(is_utf8("long enough text, then cut \xE2\x82"));
    EXPECT_FALSE(is_utf8("\xE2\x82G"));
}

TEST(Utf8, EncodesWhatItDecodes) {
    for (const char32_t value : {U'a', U'\u00f0', U'\u20ac', U'\U0001F600'}) {
        std::string bytes;
        append_utf8(bytes, value);
        EXPECT_EQ(decode_utf8(bytes).value, value);
        EXPECT_EQ(decode_utf8(bytes).length, bytes.size());
    }
}

TEST(Utf8, StripsUnicodeWhiteSpaceAtBothEndsOnly) {
    EXPECT_EQ(strip(" \t\r\n a b \xC2\xA0\xE2\x80\x83\xE3\x80\x80"), "a b");
    EXPECT_EQ(strip("\xE1\xA0\x8E"
                    "a"),
              "\xE1\xA0\x8E"
              "a");  // U+180E is no white space
    EXPECT_EQ(strip("\xE2\x80\x8B"
                    "a"),
              "\xE2\x80\x8B"
              "a");  // nor is U+200B
    EXPECT_EQ(strip(" \xE2\x80\xA9 "), "");
}

TEST(Utf8, TurnsLatin1IntoUtf8) {
    EXPECT_EQ(latin1_to_utf8("caf\xE9 \xF0"), "caf\xC3\xA9 \xC3\xB0");
}

}  // namespace
}  // namespace layersweep
