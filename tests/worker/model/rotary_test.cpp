#include "worker/model/rotary.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "worker/model/layers.hpp"

namespace layersweep::test {
namespace {

constexpr std::int64_t tokens = 5, heads = 4, kv_heads = 2, width = 6;
constexpr double base = 500;

at::Tensor numbers(at::IntArrayRef shape, double step) {
    std::int64_t count = 1;
    for (const auto size : shape) count *= size;
    return at::arange(count, at::kDouble).mul(step).sin().view(shape).contiguous();
}

Rotation some_rotation(at::ScalarType type = at::kDouble) {
    return rotation_at(at::tensor({0, 1, 2, 9, 40}, at::kLong), width, base, type);
}

/// By the definition, with operations that autograd knows.
at::Tensor turned(const at::Tensor& x, const Rotation& rotation) {
    const auto halves = x.chunk(2, -1);
    return at::cat({halves[0] * rotation.cosine - halves[1] * rotation.sine, halves[1] * rotation.cosine + halves[0] * rotation.sine}, -1);
}

at::Tensor expected_heads(const at::Tensor& product, Heads::Parts parts, const Rotation& rotation) {
    const auto x = product.view({tokens, -1, width});
    std::vector<at::Tensor> all;
    if (parts != Heads::keys_values) all.push_back(turned(x.narrow(1, 0, heads), rotation));
    const auto first = parts == Heads::queries_keys_values ? heads : 0;
    if (parts != Heads::queries) {
        const auto share = [&](const at::Tensor& part) { return part.repeat_interleave(heads / kv_heads, 1); };
        all.push_back(share(turned(x.narrow(1, first, kv_heads), rotation)));
        all.push_back(share(x.narrow(1, first + kv_heads, kv_heads)));
    }
    return at::stack(all, 1);
}

void expect_equal(const at::Tensor& a, const at::Tensor& b, double tolerance = 1e-12) {
    ASSERT_EQ(a.sizes(), b.sizes());
    EXPECT_LE((a - b).abs().max().item<double>(), tolerance * std::max(1.0, b.abs().max().item<double>()));
}

class AttentionHeadsTest : public ::testing::TestWithParam<Heads::Parts> {};

TEST_P(AttentionHeadsTest, AreTheDefinitionWithItsGradient) {
    const auto parts = GetParam();
    const auto rows = (parts != Heads::keys_values ? heads : 0) + (parts != Heads::queries ? 2 * kv_heads : 0);
    const auto product = numbers({tokens, rows * width}, 0.7).set_requires_grad(true),
               same = product.detach().clone().set_requires_grad(true);
    const auto out = attention_heads(product, {parts, heads, kv_heads, width}, some_rotation());
    const auto expected = expected_heads(same, parts, some_rotation());
    expect_equal(out, expected);
    expect_equal(attention_heads(product.detach(), {parts, heads, kv_heads, width}, some_rotation()), expected);
    const auto weights = numbers(out.sizes(), 0.3);
    (out * weights).sum().backward();
    (expected * weights).sum().backward();
    expect_equal(product.grad(), same.grad());
}

INSTANTIATE_TEST_SUITE_P(Parts, AttentionHeadsTest, ::testing::Values(Heads::queries, Heads::keys_values, Heads::queries_keys_values));

TEST(AttentionHeads, AreAViewWhereNothingIsTurnedOrShared) {
    const auto product = numbers({tokens, 3 * heads * width}, 0.7);
    const auto out = attention_heads(product, {Heads::queries_keys_values, heads, heads, width}, {});
    EXPECT_EQ(out.const_data_ptr(), product.const_data_ptr());
    EXPECT_EQ(out.sizes(), at::IntArrayRef({tokens, 3, heads, width}));
}

TEST(AttentionHeads, MayShareWithoutTurning) {
    const auto product = numbers({tokens, (heads + 2 * kv_heads) * width}, 0.7);
    const Rotation still{at::ones({tokens, 1, width / 2}, at::kDouble), at::zeros({tokens, 1, width / 2}, at::kDouble)};
    expect_equal(attention_heads(product, {Heads::queries_keys_values, heads, kv_heads, width}, {}),
                 expected_heads(product, Heads::queries_keys_values, still), 0);
}

TEST(RotationAt, TurnsByThePositionTimesThePairsFrequency) {
    const auto rotation = some_rotation();
    for (std::int64_t pair = 0; pair < width / 2; ++pair) {
        const double angle = 9 / std::pow(base, 2.0 * double(pair) / double(width));
        EXPECT_NEAR(rotation.cosine[3][0][pair].item<double>(), std::cos(angle), 2e-6);
        EXPECT_NEAR(rotation.sine[3][0][pair].item<double>(), std::sin(angle), 2e-6);
    }
    EXPECT_EQ(rotation.cosine.scalar_type(), at::kDouble);
    // In float32 first: another type holds the same numbers.
    EXPECT_TRUE(at::equal(rotation.sine.to(at::kFloat), some_rotation(at::kFloat).sine));
    expect_equal(rotation.of(at::tensor({3, 3}, at::kLong)).sine[1], rotation.sine[3], 0);
    EXPECT_FALSE(Rotation().of(at::tensor({3}, at::kLong)).cosine.defined());
}

TEST(RotationAt, MakesProductsDependOnTheDistanceAlone) {
    const auto query = numbers({1, 1, width}, 0.7), key = numbers({1, 1, width}, 0.3);
    const auto product = [&](std::int64_t at, std::int64_t from) {
        const auto one = [](std::int64_t position) { return rotation_at(at::tensor({position}, at::kLong), width, base, at::kDouble); };
        return (turned(query, one(at)) * turned(key, one(from))).sum().item<double>();
    };
    EXPECT_NEAR(product(7, 3), product(104, 100), 1e-5);
    EXPECT_GT(std::abs(product(7, 3) - product(7, 4)), 1e-3);
}

class RmsNorm : public ::testing::TestWithParam<at::ScalarType> {};

TEST_P(RmsNorm, IsTheDefinitionWithItsGradients) {
    constexpr double epsilon = 1e-3;
    const auto x = numbers({tokens, 16}, 0.7).to(GetParam()).set_requires_grad(true);
    const auto same = x.detach().to(at::kDouble).set_requires_grad(true);
    const auto scale = numbers({16}, 0.4).add(1), of_definition = scale.clone().set_requires_grad(true);
    const Trained weight{scale.to(GetParam()), at::full({16}, NAN, x.options().requires_grad(false)), {}};
    const auto out = rms_norm(x, weight, epsilon);
    const auto expected = of_definition * same / (same.square().mean(1, true) + epsilon).sqrt();
    EXPECT_EQ(out.scalar_type(), GetParam());
    expect_equal(out.to(at::kDouble), expected, 1e-6);
    const auto weights = numbers(out.sizes(), 0.3);
    (out * weights.to(GetParam())).sum().backward();
    (expected * weights).sum().backward();
    expect_equal(x.grad().to(at::kDouble), same.grad(), 1e-6);
    expect_equal(weight.gradient.to(at::kDouble), of_definition.grad(), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Types, RmsNorm, ::testing::Values(at::kFloat, at::kDouble));

}  // namespace
}  // namespace layersweep::test
