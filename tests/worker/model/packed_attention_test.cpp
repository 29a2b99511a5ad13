#include "worker/model/packed_attention.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

namespace layersweep::test {
namespace {

constexpr std::int64_t heads = 3, width = 4;

struct Case {
    std::string name;
    std::int64_t prefix;
    std::vector<std::int64_t> own;  ///< lengths behind the prefix
};

/// Attention of each whole input by itself, by the definition.
class PackedAttentionTest : public ::testing::TestWithParam<Case> {
protected:
    [[nodiscard]] PackedRows rows(PackedRows::Prefix where) const {
        std::vector<std::vector<std::int32_t>> ids;
        for (const auto own : GetParam().own) ids.emplace_back(std::size_t(GetParam().prefix + own), 1);
        const std::vector<PackedRows::Input> inputs(ids.begin(), ids.end());
        // Of models of this size padding costs next to nothing: all would be one group.
        return {inputs, GetParam().prefix, where, {}, 0, 100'000, at::kCPU};
    }
    /// Packed rows of one input.
    [[nodiscard]] at::Tensor places(const PackedRows& packed, std::size_t input) const {
        std::vector<std::int64_t> all;
        for (std::int64_t token = 0; token < GetParam().prefix + GetParam().own[input]; ++token) all.push_back(packed.row_of(input, token));
        return at::tensor(all);
    }
    /// [tokens, heads, width] of qkv [tokens, 3, heads, width].
    static at::Tensor by_definition(const at::Tensor& qkv) {
        const auto parts = qkv.permute({1, 2, 0, 3}).unbind(0);
        const auto scores = at::matmul(parts[0], parts[1].transpose(1, 2)).div(2);  // sqrt(width)
        const auto later = at::ones({qkv.size(0), qkv.size(0)}, at::kBool).triu(1);
        return at::matmul(at::softmax(scores.masked_fill(later, -INFINITY), -1), parts[2]).transpose(0, 1).flatten(1);
    }
    static at::Tensor random(at::IntArrayRef shape) {
        std::int64_t count = 1;
        for (const auto size : shape) count *= size;
        auto numbers = at::arange(count, at::kDouble).mul(0.7).sin().mul(2).view(shape).contiguous();
        return numbers.set_requires_grad(true);
    }
    static void expect_equal(const at::Tensor& a, const at::Tensor& b) {
        EXPECT_LE((a - b).abs().max().item<double>(), 1e-12 * std::max(1.0, b.abs().max().item<double>()));
    }
};

TEST_P(PackedAttentionTest, EqualsThatOfEachInputByItself) {
    const auto packed = rows(PackedRows::Prefix::here);
    const auto qkv = random({packed.tokens().size(0), 3, heads, width}), same = random(qkv.sizes());
    const auto out = packed_attention(qkv, packed, {});
    auto weighted = at::zeros({}, at::kDouble), expected = at::zeros({}, at::kDouble);
    for (std::size_t input = 0; input < GetParam().own.size(); ++input) {
        const auto alone = by_definition(same.index_select(0, places(packed, input)));
        const auto mine = out.index_select(0, places(packed, input));
        expect_equal(mine, alone);
        const auto weights = at::arange(alone.numel(), at::kDouble).view(alone.sizes()).cos();
        weighted = weighted + (mine * weights).sum();
        expected = expected + (alone * weights).sum();
    }
    weighted.backward();
    expected.backward();
    expect_equal(qkv.grad(), same.grad());
}

TEST_P(PackedAttentionTest, AtTheEndsEqualsTheWholes) {
    const auto packed = rows(PackedRows::Prefix::here);
    const auto qkv = random({packed.tokens().size(0), 3, heads, width}), same = random(qkv.sizes());
    const auto q = qkv.select(1, 0).index_select(0, packed.ends());
    const auto out = packed_attention_at_ends(q, qkv.narrow(1, 1, 2), packed, {});
    const auto whole = packed_attention(same, packed, {}).index_select(0, packed.ends());
    expect_equal(out, whole);
    const auto weights = at::arange(out.numel(), at::kDouble).view(out.sizes()).cos();
    (out * weights).sum().backward();
    (whole * weights).sum().backward();
    expect_equal(qkv.grad(), same.grad());
}

TEST_P(PackedAttentionTest, APrefixComputedBeforeIsThePrefix) {
    if (GetParam().prefix == 0) return;
    const auto packed = rows(PackedRows::Prefix::here), without = rows(PackedRows::Prefix::computed_before);
    const auto qkv = random({packed.tokens().size(0), 3, heads, width}).detach();
    const auto own = qkv.narrow(0, GetParam().prefix, without.tokens().size(0));
    const auto before = prefix_in(qkv, packed);
    expect_equal(packed_attention(own, without, before), packed_attention(qkv, packed, {}).narrow(0, GetParam().prefix, own.size(0)));
    const auto q = own.select(1, 0).index_select(0, without.ends());
    expect_equal(packed_attention_at_ends(q, own.narrow(1, 1, 2), without, before),
                 packed_attention_at_ends(q, qkv.narrow(1, 1, 2), packed, {}));
}

INSTANTIATE_TEST_SUITE_P(, PackedAttentionTest,
                         ::testing::Values(Case{"even", 0, {5, 5, 5}}, Case{"ragged", 0, {1, 7, 3, 6, 2}}, Case{"one", 0, {4}},
                                           Case{"prefix_even", 6, {3, 3}}, Case{"prefix_ragged", 40, {1, 70, 3, 65, 2, 2}},
                                           Case{"prefix_one", 9, {1}}),
                         [](const auto& test) { return test.param.name; });

TEST(PackedRows, GroupsPutTogetherWhatIsAboutAsLong) {
    const std::vector<std::int32_t> ids(300, 1);
    std::vector<PackedRows::Input> inputs;
    for (const auto length : {10, 300, 12, 290, 11}) inputs.push_back(PackedRows::Input(ids).first(std::size_t(length)));
    const PackedRows packed(inputs, 0, PackedRows::Prefix::here, {}, 0, 100, at::kCPU);
    ASSERT_EQ(packed.groups().size(), 2U);
    EXPECT_EQ(packed.groups()[0].inputs, 2);
    EXPECT_EQ(packed.groups()[0].longest, 300);
    EXPECT_EQ(packed.groups()[1].longest, 12);
    EXPECT_EQ(packed.tokens().size(0), 10 + 300 + 12 + 290 + 11) << "no padding";
    EXPECT_EQ(packed.row_of(0, 9), packed.ends()[packed.order()[0].item<std::int64_t>()].item<std::int64_t>());
}

}  // namespace
}  // namespace layersweep::test
