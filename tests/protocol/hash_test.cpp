#include "protocol/hash.hpp"

#include <gtest/gtest.h>

namespace layersweep {
namespace {

// The empty input's values are those of the XXH3 specification; the others were made with `xxhsum` 0.8 (-H2, -H3).
TEST(Hash, KnownAnswers) {
    EXPECT_EQ(hash64(""), "2d06800538d394c2");
    EXPECT_EQ(hash128(""), "99aa06d3014798d86001c324468d497f");
    EXPECT_EQ(hash64("layersweep"), "813113bfb8497177");
    EXPECT_EQ(hash128("layersweep"), "d6971d392a754525a40aa1e9cc7d78f8");
    EXPECT_EQ(hash128(std::string(1000, 'a')), "b01da365eddaa29cb3e7af627147db7c");
}

TEST(Hash, StreamEqualsTheWholeWhereverItIsCut) {
    std::string text;
    for (int i = 0; i < 700; ++i) text += static_cast<char>(i * 31);
    for (std::size_t cut = 0; cut <= text.size(); cut += 7) {
        StreamHash stream;
        stream.update(std::string_view(text).substr(0, cut));
        stream.update(std::as_bytes(std::span(text)).subspan(cut));
        EXPECT_EQ(stream.hex(), hash128(text)) << "cut at " << cut;
    }
}

TEST(Hash, StreamGoesOnAfterItsHashWasTakenAndAfterAMove) {
    StreamHash first;
    first.update("layer");
    EXPECT_EQ(first.hex(), hash128("layer"));
    StreamHash second = std::move(first);
    second.update("sweep");
    EXPECT_EQ(second.hex(), hash128("layersweep"));
}

}  // namespace
}  // namespace layersweep
