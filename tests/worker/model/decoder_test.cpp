#include "worker/model/decoder.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>

namespace layersweep::test {
namespace {

constexpr std::int64_t batch = 32, length = 16, width = 16;
constexpr double rate = 0.25, kept = 1 / (1 - rate);

/// Blocks whose parameters are all zero compute nothing but their biases, so that every dropout mask can be read off the output.
class DecoderDropout : public ::testing::Test {
protected:
    DecoderDropout() {
        spec.family = "gpt2";
        spec.layers = 2;
        spec.d_model = width;
        spec.heads = spec.kv_heads = 2;
        spec.head_width = width / 2;
        spec.d_ff = 2 * width;
        spec.vocabulary = 8;
        spec.positions = length;
        spec.layout = WeightLayout::in_out;
        parameters = std::make_unique<Parameters>(parameter_sources(spec, {0, 1}), 0, at::kDouble, at::kCPU);
    }
    void fill(const std::string& name, double value) { (*parameters)[name].fill_(value); }
    void fill_all_at_random() {
        at::Tensor values = parameters->values();
        values.copy_(at::arange(values.numel(), values.options()).mul(0.7).sin().mul(0.4));
    }
    at::Tensor stream(std::int64_t blocks, std::optional<DropoutDraw> draw = DropoutDraw{.seed = 3, .step = 5, .rank = 0}) {
        return DecoderPass(spec, blocks, *parameters, draw).residual_stream(packed()).detach().view({batch, length, width});
    }
    [[nodiscard]] PackedRows packed() const {
        const auto numbers = ids.to(at::kInt).contiguous();
        const auto* first = numbers.const_data_ptr<std::int32_t>();
        std::vector<PackedRows::Input> inputs;
        for (std::int64_t row = 0; row < batch; ++row) inputs.emplace_back(first + row * length, std::size_t(length));
        return {inputs, 0, PackedRows::Prefix::here, {}, 0, width, at::kCPU};
    }
    /// What of the values equals `value`.
    static double fraction(const at::Tensor& values, double value) {
        return (values - value).abs().lt(1e-12).to(at::kDouble).mean().item<double>();
    }

    DecoderSpec spec;
    std::unique_ptr<Parameters> parameters;
    at::Tensor ids = at::arange(batch * length, at::kLong).remainder(8).view({batch, length});
};

/// Five standard errors of a fraction over all numbers of the stream.
const double slack = 5 * std::sqrt(rate * (1 - rate) / double(batch * length * width));

TEST_F(DecoderDropout, EmbeddingSiteDropsAtItsRateAndKeepsTheExpectation) {
    fill("wte", 1);
    spec.embedding_dropout = rate;
    const auto masked = stream(0);
    EXPECT_NEAR(fraction(masked, 0), rate, slack);
    EXPECT_NEAR(fraction(masked, kept), 1 - rate, slack);
    EXPECT_NEAR(masked.mean().item<double>(), 1, slack * kept);
}

TEST_F(DecoderDropout, ResidualSitesDropAtTheirRate) {
    for (const std::string name : {"0.out.bias", "0.down.bias"}) {
        parameters->values().zero_();
        fill(name, 1);
        spec.residual_dropout = rate;
        const auto masked = stream(1);
        EXPECT_NEAR(fraction(masked, 0), rate, slack) << name;
        EXPECT_NEAR(fraction(masked, kept), 1 - rate, slack) << name;
    }
}

TEST_F(DecoderDropout, AttentionSiteDropsProbabilitiesAndKeepsTheExpectation) {
    (*parameters)["0.qkv.bias"].narrow(0, 2 * width, width).fill_(1);
    (*parameters)["0.out.weight"].copy_(at::eye(width, at::kDouble));
    spec.attention_dropout = rate;
    const auto masked = stream(1);
    const auto first = masked.select(1, 0);  // sees itself alone: its only probability is dropped or kept
    EXPECT_NEAR(fraction(first, 0) + fraction(first, kept), 1, 1e-12);
    EXPECT_GT(fraction(first, 0), 0);
    EXPECT_GT(fraction(first, kept), 0);
    EXPECT_NEAR(masked.mean().item<double>(), 1, 0.1);
    EXPECT_GT(masked.select(1, length - 1).std().item<double>(), 0.01);
}

TEST_F(DecoderDropout, MasksAreTheSameForTheSameDrawAndOthersForAnother) {
    fill("wte", 1);
    spec.embedding_dropout = rate;
    const auto same = stream(0);
    EXPECT_TRUE(at::equal(stream(0), same));
    for (const auto& other : {DropoutDraw{.seed = 4, .step = 5, .rank = 0}, DropoutDraw{.seed = 3, .step = 6, .rank = 0},
                              DropoutDraw{.seed = 3, .step = 5, .rank = 1}}) {
        // Independent masks agree where both drop or both keep.
        const double agree = (stream(0, other) - same).abs().lt(1e-12).to(at::kDouble).mean().item<double>();
        EXPECT_NEAR(agree, rate * rate + (1 - rate) * (1 - rate), 2 * slack);
    }
}

TEST_F(DecoderDropout, SitesOfOneBlockHaveMasksOfTheirOwn) {
    fill("0.out.bias", 1);
    fill("0.down.bias", 1);
    spec.residual_dropout = rate;
    EXPECT_NEAR(fraction(stream(1), kept), 2 * rate * (1 - rate), 2 * slack);
}

TEST_F(DecoderDropout, BlocksHaveMasksOfTheirOwn) {
    fill("0.out.bias", 1);
    fill("1.out.bias", 1);
    spec.residual_dropout = rate;
    EXPECT_NEAR(fraction(stream(2), kept), 2 * rate * (1 - rate), 2 * slack);
}

TEST_F(DecoderDropout, RatesOfZeroAndEvaluationChangeNothing) {
    fill_all_at_random();
    const auto plain = stream(2, std::nullopt);
    EXPECT_TRUE(at::equal(stream(2), plain));
    spec.embedding_dropout = spec.attention_dropout = spec.residual_dropout = rate;
    EXPECT_TRUE(at::equal(stream(2, std::nullopt), plain));
    EXPECT_FALSE(at::equal(stream(2), plain));
}

TEST_F(DecoderDropout, AttentionWithDropoutIsTheFusedAttentionWhereNothingIsDropped) {
    fill_all_at_random();
    const auto gradients = [&] {
        parameters->gradients_and_extra().zero_();  // those of the tables are added to
        DecoderPass pass(spec, 2, *parameters, DropoutDraw{.seed = 3});
        const auto out = pass.residual_stream(packed());
        out.pow(2).sum().backward();
        pass.finish_backward();
        return std::pair(out.detach(), parameters->gradients().clone());
    };
    const auto [plain, plain_gradients] = gradients();
    spec.attention_dropout = 1e-13;
    const auto [dropping, dropping_gradients] = gradients();
    EXPECT_LE((dropping - plain).norm().item<double>(), 1e-11 * plain.norm().item<double>());
    EXPECT_LE((dropping_gradients - plain_gradients).norm().item<double>(), 1e-11 * plain_gradients.norm().item<double>());
}

TEST_F(DecoderDropout, LaterTokensNeverReachEarlierOnes) {
    fill_all_at_random();
    for (const double attention : {0.0, rate}) {
        spec.attention_dropout = attention;
        const auto before = stream(2);
        ids = ids.clone();
        ids.select(1, length - 1).fill_(1);
        const auto after = stream(2);
        EXPECT_TRUE(at::allclose(before.narrow(1, 0, length - 1), after.narrow(1, 0, length - 1), 0, 1e-14));
        EXPECT_FALSE(at::allclose(before.select(1, length - 1), after.select(1, length - 1)));
        ids = at::arange(batch * length, at::kLong).remainder(8).view({batch, length});
    }
}

/// What GPUs compute, which no test reaches there.
class PaddedAttention : public DecoderDropout {
protected:
    PaddedAttention() {
        for (const auto own : {3, 7, 1, 7, 4}) {
            inputs_.push_back({1, 5, 2, 7, 3, 3});
            for (int i = 0; i < own; ++i) inputs_.back().push_back((i * 5 + own) % 8);
        }
        fill_all_at_random();
    }
    [[nodiscard]] PackedRows packed(std::int64_t prefix, PackedRows::Prefix where) const {
        const std::vector<PackedRows::Input> spans(inputs_.begin(), inputs_.end());
        // As if padding were dear: several groups.
        return {spans, prefix, where, {}, 0, 1'000'000'000, at::kCPU};
    }
    struct Outcome {
        at::Tensor states, gradients;
    };
    [[nodiscard]] Outcome outcome(const PackedRows& rows, LastBlock last, bool padded, const PrefixMemory* memory = nullptr) {
        parameters->gradients().zero_();
        DecoderPass pass(spec, 2, *parameters, std::nullopt);
        if (padded) pass.pad_attention();
        const auto states = pass.states_at_ends(rows, last, memory);
        const auto weights = at::arange(states.numel(), at::kDouble).view(states.sizes()).cos();
        (states * weights).sum().backward();
        pass.finish_backward();
        return {states.detach(), parameters->gradients().clone()};
    }
    static void expect_equal(const at::Tensor& a, const at::Tensor& b) {
        EXPECT_LE((a - b).abs().max().item<double>(), 1e-11 * std::max(1.0, b.abs().max().item<double>()));
    }

private:
    std::vector<std::vector<std::int32_t>> inputs_;
};

TEST_F(PaddedAttention, EqualsThePackedWithItsGradients) {
    for (const auto last : {LastBlock::whole, LastBlock::where_read})
        for (const std::int64_t prefix : {0, 6}) {
            const auto rows = packed(prefix, PackedRows::Prefix::here);
            ASSERT_GT(rows.groups().size(), 1U);
            const auto padded = outcome(rows, last, true), expected = outcome(rows, last, false);
            expect_equal(padded.states, expected.states);
            expect_equal(padded.gradients, expected.gradients);
        }
}

TEST_F(PaddedAttention, LooksAtAPrefixComputedBefore) {
    const std::vector<std::int32_t> shared{1, 5, 2, 7, 3, 3};
    at::NoGradGuard no_grad;
    for (const bool padded : {false, true})
        for (const auto last : {LastBlock::whole, LastBlock::where_read}) {
            DecoderPass before(spec, 2, *parameters, std::nullopt), pass(spec, 2, *parameters, std::nullopt),
                plain(spec, 2, *parameters, std::nullopt);
            if (padded) {
                before.pad_attention();
                pass.pad_attention();
            }
            const auto memory = before.remember(PackedRows(shared, {}, 0, at::kCPU));
            expect_equal(pass.states_at_ends(packed(6, PackedRows::Prefix::computed_before), last, &memory),
                         plain.states_at_ends(packed(0, PackedRows::Prefix::here), last));
        }
}

}  // namespace
}  // namespace layersweep::test
