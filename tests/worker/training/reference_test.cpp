// Losses, scores, gradients and AdamW steps against Hugging Face transformers and torch.optim.AdamW in float64; the numbers come from
// tools/make_reference_fixtures.py.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/worker/training/tiny_trial.hpp"
#include "worker/model/load.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/optimizer.hpp"

namespace layersweep::test {
namespace {

struct Case {
    std::string family;
    Mode mode;
    Loss loss = Loss::label_words;
};

/// What the reference computed for one family and mode.
class Reference {
public:
    Reference(const std::string& family, Mode mode) : folder_(fixture_folder(family) + "/reference/" + std::string(name_of(mode))) {
        std::ifstream(folder_ + "/steps.json") >> steps_;
    }

    [[nodiscard]] const nlohmann::json& operator[](const char* key) const { return steps_.at(key); }
    [[nodiscard]] std::int64_t steps() const { return steps_.at("steps"); }

    [[nodiscard]] std::vector<EncodedRow> batch(std::int64_t step) const {
        const auto& batch = steps_.at("batches").at(std::size_t(step) % steps_.at("batches").size());
        std::vector<EncodedRow> rows;
        for (std::size_t r = 0; r < batch.at("ids").size(); ++r)
            rows.push_back({.ids = batch.at("ids")[r], .row = std::int64_t(r), .label = batch.at("labels")[r]});
        return rows;
    }

    [[nodiscard]] Checkpoint tensors(const std::string& kind) const { return Checkpoint::open(folder_ + "/" + kind); }

private:
    std::string folder_;
    nlohmann::json steps_;
};

at::Tensor read(const Checkpoint& checkpoint, const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto* stored = checkpoint.find(name);
        if (!stored) continue;
        auto tensor = at::empty(stored->shape, at::kDouble);
        EXPECT_EQ(stored->type, StoredType::f64);
        checkpoint.read(*stored, {static_cast<std::byte*>(tensor.mutable_data_ptr()), stored->bytes()});
        return tensor;
    }
    throw std::runtime_error("the reference holds no " + names.front());
}

at::Tensor expected_of(const ParameterSource& source, const Checkpoint& checkpoint) {
    if (source.parts.empty()) return read(checkpoint, {source.name});
    std::vector<at::Tensor> parts;
    for (const auto& part : source.parts) parts.push_back(read(checkpoint, part.names));
    return at::cat(parts, 0);
}

double relative_error(const at::Tensor& computed, const at::Tensor& expected) {
    return ((computed.cpu() - expected).norm() / expected.norm()).item<double>();
}

/// Without the keys' biases where positions do not turn the keys: softmax cancels them, so their gradients are rounding and AdamW makes
/// full steps of it.
at::Tensor without_key_bias(const DecoderSpec& spec, const ParameterSource& source, const at::Tensor& values) {
    if (!source.name.ends_with("qkv.bias") || spec.rotary_base) return values;
    const auto keys = spec.kv_heads * spec.head_width, queries = spec.heads * spec.head_width;
    return at::cat({values.narrow(0, 0, queries), values.narrow(0, queries + keys, keys)});
}

class ReferenceTest : public ::testing::TestWithParam<Case> {
protected:
    static Trial trial_of(const Case& param, const Reference& reference) {
        auto trial = tiny_trial(param.family, param.mode);
        const auto& optimizer = reference["optimizer"];
        trial.layers = reference["kept_blocks"];
        trial.training.loss = param.loss;
        trial.training.learning_rate = optimizer.at("learning_rate");
        trial.training.beta1 = optimizer.at("beta1");
        trial.training.beta2 = optimizer.at("beta2");
        trial.training.epsilon = optimizer.at("epsilon");
        trial.training.weight_decay = optimizer.at("weight_decay");
        return trial;
    }

    CutModel make_model() {
        CutModel model(trial, EncodedTask{.label_token_ids = reference["label_token_ids"]}, store);
        if (trial.mode == Mode::lm) return model;
        const std::vector<std::vector<double>> head = reference["head"];
        auto values = model.parameters()[head_name].detach();
        for (std::size_t c = 0; c < head.size(); ++c) values[std::int64_t(c)].copy_(at::tensor(head[c], at::kDouble));
        return model;
    }

    double backward(std::int64_t step) {
        const auto rows = reference.batch(step);
        return model.backward(pointers_to(rows), std::int64_t(rows.size()), DropoutDraw{.step = step}).item<double>();
    }

    Reference reference{GetParam().family, GetParam().mode};
    Trial trial = trial_of(GetParam(), reference);
    WarmStore store = cold_store();
    CutModel model = make_model();
};

/// Holds what was computed against the reference, and prints the largest difference of the whole test.
class Differences {
public:
    explicit Differences(const std::string& model) : tolerance_(test_device() == Device::cpu ? 1e-8 : rounding_of(model)) {}
    Differences(const Differences&) = delete;
    ~Differences() {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        std::cout << test->test_suite_name() << "." << test->name() << ": largest relative difference " << largest_ << "\n";
    }
    void expect_equal(const at::Tensor& computed, const at::Tensor& expected, const std::string& what) {
        const auto difference = relative_error(computed, expected);
        EXPECT_LE(difference, tolerance_) << what;
        largest_ = std::max(largest_, difference);
    }

private:
    double tolerance_;
    double largest_ = 0;
};

using ScoresAndGradients = ReferenceTest;

TEST_P(ScoresAndGradients, EqualTheReference) {
    const auto rows = reference.batch(0);
    const auto scores = model.scoring()(pointers_to(rows));
    const std::vector<std::vector<double>> expected_scores = reference["scores"];
    ASSERT_EQ(scores.size(0), std::int64_t(expected_scores.size()));
    Differences differences(GetParam().family);
    for (std::size_t r = 0; r < expected_scores.size(); ++r)
        differences.expect_equal(scores[std::int64_t(r)], at::tensor(expected_scores[r], at::kDouble), "row " + std::to_string(r));

    (void)backward(0);
    const auto expected = reference.tensors("gradients");
    EXPECT_FALSE(model.parameters().sources().empty());
    for (const auto& source : model.parameters().sources())
        differences.expect_equal(model.parameters().gradient(source.name), expected_of(source, expected), source.name);
}

TEST_P(ScoresAndGradients, TwentyStepsOfAdamWEndAtTheSameWeights) {
    AdamW optimizer(model.parameters(), trial.training);
    for (std::int64_t step = 0; step < reference.steps(); ++step) {
        (void)backward(step);
        optimizer.step(model.parameters());
    }
    const auto expected = reference.tensors("weights");
    Differences differences(GetParam().family);
    for (const auto& source : model.parameters().sources()) {
        const auto computed = without_key_bias(model.spec(), source, model.parameters()[source.name].detach());
        differences.expect_equal(computed, without_key_bias(model.spec(), source, expected_of(source, expected)), source.name);
    }
}

using Losses = ReferenceTest;

TEST_P(Losses, TwentyLossesEqualTheReference) {
    AdamW optimizer(model.parameters(), trial.training);
    const std::vector<double> expected = reference["losses"].at(std::string(name_of(trial.training.loss)));
    ASSERT_EQ(std::int64_t(expected.size()), reference.steps());
    Differences differences(GetParam().family);
    for (std::int64_t step = 0; step < reference.steps(); ++step) {
        differences.expect_equal(at::scalar_tensor(backward(step), at::kDouble),
                                 at::scalar_tensor(expected[std::size_t(step)], at::kDouble), "step " + std::to_string(step));
        optimizer.step(model.parameters());
    }
}

std::string name_of_case(const ::testing::TestParamInfo<Case>& info) {
    return test_name(info.param.family + "_" + std::string(name_of(info.param.mode)) + "_" + std::string(name_of(info.param.loss)));
}

std::vector<Case> of_all_models(const std::vector<std::pair<Mode, Loss>>& ways) {
    std::vector<Case> all;
    for (const auto& model : tiny_models)
        for (const auto& [mode, loss] : ways) all.push_back({model, mode, loss});
    return all;
}

const auto modes = of_all_models({{Mode::lm, Loss::label_words}, {Mode::p_cls, Loss::label_words}, {Mode::cls, Loss::label_words}});
const auto other_losses = of_all_models({{Mode::lm, Loss::vocabulary}, {Mode::lm, Loss::prompt}});

INSTANTIATE_TEST_SUITE_P(Modes, ScoresAndGradients, ::testing::ValuesIn(modes), name_of_case);
INSTANTIATE_TEST_SUITE_P(Modes, Losses, ::testing::ValuesIn(modes), name_of_case);
INSTANTIATE_TEST_SUITE_P(OtherLosses, Losses, ::testing::ValuesIn(other_losses), name_of_case);

}  // namespace
}  // namespace layersweep::test
