#include "worker/training/cut_model.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/support/temporary_directory.hpp"
#include "tests/worker/training/tiny_trial.hpp"
#include "worker/model/load.hpp"
#include "worker/model/tensor_bytes.hpp"
#include "worker/training/optimizer.hpp"

namespace layersweep::test {
namespace {

const std::vector<std::int32_t> label_tokens = {10, 33, 5, 60};

std::vector<EncodedRow> ragged_rows() {
    return {{.ids = {2, 7, 9}, .row = 0, .label = 1},
            {.ids = {2, 40, 12, 63, 8, 8, 21, 30, 5, 11, 50, 4}, .row = 1, .label = 3},
            {.ids = {2, 61}, .row = 2, .label = 0},
            {.ids = {2, 18, 19, 20, 44, 3}, .row = 3, .label = 2}};
}

/// Eight tokens in front of all, as many as are worth sharing.
std::vector<EncodedRow> ragged_rows_with_prefix() {
    auto rows = ragged_rows();
    for (auto& row : rows) row.ids.insert(row.ids.begin(), {2, 6, 14, 22, 31, 9, 45, 52});
    return rows;
}

EncodedTask ragged_task() {
    EncodedTask task{.training = ragged_rows(), .label_token_ids = label_tokens};
    measure(task);
    return task;
}

struct Case {
    std::string family;
    Mode mode;
    Loss loss = Loss::label_words;
};

class CutModelTest : public ::testing::TestWithParam<Case> {
protected:
    CutModel make(const Trial& trial) { return CutModel(trial, ragged_task(), store); }
    [[nodiscard]] static Trial trial() {
        auto trial = tiny_trial(GetParam().family, GetParam().mode);
        trial.training.loss = GetParam().loss;
        return trial;
    }
    WarmStore store = cold_store();
};

TEST_P(CutModelTest, PaddingNeverChangesScores) {
    auto model = make(trial());
    const auto rows = ragged_rows();
    const auto together = model.scoring()(pointers_to(rows));
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const std::vector<const EncodedRow*> alone = {&rows[r]};
        EXPECT_LE((model.scoring()(alone)[0] - together[std::int64_t(r)]).abs().max().item<double>(), 1e-12) << "row " << r;
    }
}

TEST_P(CutModelTest, Bfloat16RoundsWhatIsUsedAnewWheneverTheWeightsChange) {
    auto rounded_trial = trial(), plain_trial = trial();
    rounded_trial.training.precision = Precision::bf16;
    plain_trial.training.precision = Precision::fp32;
    auto rounded = make(rounded_trial), plain = make(plain_trial), another = make(rounded_trial);
    const auto rows = ragged_rows();
    const auto pointers = pointers_to(rows);
    const auto scores = [&](CutModel& model) { return model.scoring()(pointers); };
    const auto difference = [](const at::Tensor& a, const at::Tensor& b) {
        return (a - b).norm().item<double>() / b.norm().item<double>();
    };
    EXPECT_GT(difference(scores(rounded), scores(plain)), 0);
    EXPECT_LT(difference(scores(rounded), scores(plain)), 0.02) << "bfloat16 keeps 8 bits";
    const auto loss = rounded.backward(pointers, 4, std::nullopt), exact = plain.backward(pointers, 4, std::nullopt);
    EXPECT_LT(difference(rounded.parameters().gradients(), plain.parameters().gradients()), 0.05);
    EXPECT_LT(std::abs(loss.item<double>() - exact.item<double>()), 0.02 * exact.item<double>());
    // Others' weights: both ways have to see them.
    for (auto* model : {&rounded, &another}) model->parameters().values().mul_(1.5);
    EXPECT_TRUE(at::equal(scores(rounded), scores(another))) << "scored before the weights changed, or never";
    rounded.parameters().values().mul_(0.5);
    another.parameters().values().mul_(0.5);
    EXPECT_EQ(rounded.backward(pointers, 4, std::nullopt).item<double>(), another.backward(pointers, 4, std::nullopt).item<double>());
}

TEST_P(CutModelTest, TablesOfWhichSomeRowsAreHeldAreWholeAgainAsDenseStepsLeaveThem) {
    auto dense_trial = trial();
    if (dense_trial.mode == Mode::lm && dense_trial.training.loss != Loss::label_words) return;  // the whole table is held
    dense_trial.training.learning_rate = 0.05;
    dense_trial.training.weight_decay = 1;
    auto compact_trial = dense_trial;
    compact_trial.shortcuts.vocabulary = true;
    auto dense = make(dense_trial), compact = make(compact_trial);
    AdamW dense_optimizer(dense.parameters(), dense_trial.training), compact_optimizer(compact.parameters(), dense_trial.training);
    const auto rows = ragged_rows();
    constexpr int steps = 8;
    for (int step = 0; step < steps; ++step) {
        (void)dense.backward(pointers_to(rows), 4, std::nullopt);
        dense_optimizer.step(dense.parameters());
        (void)compact.backward(pointers_to(rows), 4, std::nullopt);
        compact_optimizer.step(compact.parameters());
    }
    EXPECT_LT(compact.parameters().count(), dense.parameters().count());
    const auto tables = compact.whole_tables(compact_trial, store, steps);
    const auto is_table = [](const ParameterSource& source) {
        return source.role == ParameterRole::token_embedding || source.role == ParameterRole::position_embedding ||
               source.role == ParameterRole::output_embedding;
    };
    ASSERT_EQ(std::ptrdiff_t(tables.size()), std::ranges::count_if(dense.parameters().sources(), is_table));
    for (const auto& [name, table] : tables) {
        const auto& expected = dense.parameters()[name];
        ASSERT_EQ(table.sizes(), expected.sizes()) << name;
        EXPECT_LE((table - expected).abs().max().item<double>(), 1e-10) << name;
    }
    EXPECT_TRUE(dense.whole_tables(dense_trial, store, steps).empty());
}

TEST_P(CutModelTest, ARowMayFillEveryPosition) {
    auto model = make(trial());
    EncodedRow row{.ids = std::vector<std::int32_t>(32, 7), .row = 0, .label = 1};
    row.ids.front() = 2;
    const std::vector<const EncodedRow*> rows = {&row};
    EXPECT_TRUE(std::isfinite(model.backward(rows, 1, std::nullopt).item<double>()));
}

TEST_P(CutModelTest, GradientsOfPartsAddUpToTheBatchs) {
    auto whole = make(trial()), parts = make(trial());
    const auto rows = ragged_rows();
    const auto pointers = pointers_to(rows);
    const auto loss = whole.backward(pointers, 4, std::nullopt);
    double sum = 0;
    auto gradients = at::zeros_like(parts.parameters().gradients());
    for (const auto& some : {std::span(pointers).first(1), {}, std::span(pointers).last(3)}) {
        sum += parts.backward(some, 4, std::nullopt).item<double>();
        gradients += parts.parameters().gradients();
    }
    EXPECT_NEAR(sum, loss.item<double>(), 1e-12);
    const auto difference = whole.parameters().gradients() - gradients;
    EXPECT_GT(whole.parameters().gradients().norm().item<double>(), 0);
    EXPECT_LE(difference.norm().item<double>(), 1e-12 * whole.parameters().gradients().norm().item<double>());
}

TEST_P(CutModelTest, EveryGradientIsWrittenWhateverStoodThere) {
    auto clean = make(trial()), dirty = make(trial());
    const auto rows = ragged_rows();
    dirty.parameters().gradients_and_extra().fill_(NAN);
    (void)clean.backward(pointers_to(rows), 4, std::nullopt);
    (void)dirty.backward(pointers_to(rows), 4, std::nullopt);
    EXPECT_TRUE(at::equal(dirty.parameters().gradients(), clean.parameters().gradients()));
    dirty.parameters().gradients().fill_(NAN);
    (void)dirty.backward({}, 4, std::nullopt);
    EXPECT_EQ(at::count_nonzero(dirty.parameters().gradients()).item<std::int64_t>(), 0);
}

/// Every way that the model can go: what stands behind an announced place is final then.
TEST_P(CutModelTest, WhatIsAnnouncedAsWrittenIsWritten) {
    const bool compacts = GetParam().loss == Loss::label_words, reads_ends = GetParam().loss != Loss::prompt;
    const auto rows = ragged_rows_with_prefix();
    for (const bool fast : {false, true})
        for (const double dropout : {0.0, 0.3})
            for (const auto precision : {Precision::fp64, Precision::bf16}) {
                if (fast && dropout > 0) continue;  // inputs cannot share what is dropped out
                auto setting = trial();
                if (fast) setting.shortcuts = {compacts, reads_ends, true, true};
                setting.training.dropout = dropout;
                setting.training.precision = precision;
                EncodedTask task{.training = rows, .label_token_ids = label_tokens};
                measure(task);
                CutModel model(setting, task, store);
                model.parameters().gradients_and_extra().fill_(NAN);
                std::vector<std::pair<std::int64_t, at::Tensor>> announced;
                bool forward_done = false;
                const auto gradients = model.parameters().gradients();
                const BackwardWatch watch{
                    .forward_done = [&](const at::Tensor&) { forward_done = announced.empty(); },
                    .written_from = [&](std::int64_t begin) { announced.emplace_back(begin, gradients.slice(0, begin).clone()); }};
                model.backward(pointers_to(rows), 4, DropoutDraw{.seed = 1}, watch);
                EXPECT_TRUE(forward_done);
                ASSERT_EQ(std::int64_t(announced.size()), model.blocks());
                auto block = model.blocks();
                for (const auto& [begin, written] : announced) {
                    EXPECT_EQ(begin, model.parameters().begin_of_block(--block));
                    EXPECT_TRUE(at::equal(written, gradients.slice(0, begin))) << "from " << begin << " on";
                }
                const auto as_with_rows = std::exchange(announced, {});
                model.backward({}, 4, DropoutDraw{.seed = 1}, watch);
                ASSERT_EQ(announced.size(), as_with_rows.size()) << "a member without rows starts the same sums";
                for (std::size_t i = 0; i < announced.size(); ++i) EXPECT_EQ(announced[i].first, as_with_rows[i].first);
            }
}

TEST_P(CutModelTest, WatchingChangesNoBits) {
    auto watched = make(trial()), alone = make(trial());
    const auto rows = ragged_rows();
    watched.backward(pointers_to(rows), 4, std::nullopt, {.written_from = [](std::int64_t) {}});
    alone.backward(pointers_to(rows), 4, std::nullopt);
    EXPECT_TRUE(at::equal(watched.parameters().gradients(), alone.parameters().gradients()));
}

TEST_P(CutModelTest, DropoutIsOffInEvaluation) {
    auto dropping = trial();
    dropping.training.dropout = 0.5;
    const auto rows = ragged_rows();
    const auto pointers = pointers_to(rows);
    auto with = make(dropping), without = make(trial());
    EXPECT_TRUE(at::equal(with.scoring()(pointers), without.scoring()(pointers)));
    const auto draw = DropoutDraw{.seed = 1};
    EXPECT_NE(with.backward(pointers, 4, draw).item<double>(), without.backward(pointers, 4, draw).item<double>());
}

TEST_P(CutModelTest, DropoutSettingStandsInForTheModelsOwn) {
    auto configured = trial();
    configured.training.dropout = std::nullopt;
    const auto own = store.model(configured.model).spec.residual_dropout;
    EXPECT_EQ(make(configured).spec().residual_dropout, own);
    configured.training.dropout = 0.25;
    const auto spec = make(configured).spec();
    EXPECT_EQ(std::vector({spec.embedding_dropout, spec.attention_dropout, spec.residual_dropout}), std::vector(3, 0.25));
}

INSTANTIATE_TEST_SUITE_P(Families, CutModelTest,
                         ::testing::Values(Case{"gpt2", Mode::lm}, Case{"gpt2", Mode::cls}, Case{"gpt2", Mode::lm, Loss::prompt},
                                           Case{"opt", Mode::p_cls}, Case{"opt", Mode::lm, Loss::vocabulary}, Case{"llama", Mode::lm},
                                           Case{"llama-untied", Mode::lm}, Case{"llama-untied", Mode::cls},
                                           Case{"llama", Mode::lm, Loss::prompt}, Case{"llama-untied", Mode::lm, Loss::vocabulary}),
                         [](const auto& info) {
                             return test_name(info.param.family) + std::to_string(int(info.param.mode)) +
                                    std::to_string(int(info.param.loss));
                         });

double standard_deviation(const at::Tensor& values) {
    return values.detach().std().item<double>();
}

class RandomInit : public ::testing::TestWithParam<std::string> {};

TEST_P(RandomInit, HasTheFamilysStatistics) {
    auto store = cold_store();
    auto trial = tiny_trial(GetParam(), Mode::cls);
    trial.training.init = Init::random;
    CutModel model(trial, ragged_task(), store);
    const double projection = GetParam() == "gpt2" ? 0.02 / std::sqrt(2.0 * 2.0) : 0.02;
    for (const auto& source : model.parameters().sources()) {
        const auto& values = model.parameters()[source.name];
        switch (source.role) {
            case ParameterRole::bias:
            case ParameterRole::norm_bias:
                EXPECT_EQ(values.abs().max().item<double>(), 0) << source.name;
                break;
            case ParameterRole::norm_weight:
                EXPECT_TRUE(at::equal(values, at::ones_like(values))) << source.name;
                break;
            case ParameterRole::residual_projection:
                EXPECT_NEAR(standard_deviation(values), projection, 0.2 * projection) << source.name;
                break;
            default:  // five standard errors of so many draws
                EXPECT_NEAR(standard_deviation(values), 0.02, 5 * 0.02 / std::sqrt(2.0 * double(values.numel()))) << source.name;
                EXPECT_NEAR(values.mean().item<double>(), 0, 5 * 0.02 / std::sqrt(double(values.numel()))) << source.name;
        }
    }
}

class PaddingRow : public ::testing::TestWithParam<std::string> {};

TEST_P(PaddingRow, IsZeroInRandomWeights) {
    auto store = cold_store();
    auto trial = tiny_trial(GetParam(), Mode::cls);
    trial.training.init = Init::random;
    CutModel model(trial, ragged_task(), store);
    const auto rows = model.parameters()["wte"].abs().amax(1);
    EXPECT_EQ(rows[1].item<double>(), 0);  // config.json: pad_token_id 1
    EXPECT_EQ(at::count_nonzero(rows).item<std::int64_t>(), rows.size(0) - 1);
}

INSTANTIATE_TEST_SUITE_P(Families, PaddingRow, ::testing::Values("opt", "llama"));

TEST_P(RandomInit, DependsOnTheSeedAndNothingElse) {
    auto store = cold_store();
    auto trial = tiny_trial(GetParam(), Mode::cls);
    trial.training.init = Init::random;
    const auto hash = [&](const Trial& one) { return CutModel(one, ragged_task(), store).parameters().hash(); };
    const auto first = hash(trial);
    EXPECT_EQ(hash(trial), first);
    trial.seed = 1;
    EXPECT_NE(hash(trial), first);
}

INSTANTIATE_TEST_SUITE_P(Families, RandomInit, ::testing::ValuesIn(tiny_models), [](const auto& info) { return test_name(info.param); });

class Export : public ::testing::TestWithParam<std::string> {};

TEST_P(Export, IsAWholeModelInTheTypeThatItsConfigNames) {
    for (const auto mode : {Mode::lm, Mode::cls}) {
        auto store = cold_store();
        const auto trial = tiny_trial(GetParam(), mode);
        CutModel model(trial, ragged_task(), store);
        model.parameters().values().mul_(2);
        const TemporaryDirectory folder;
        const auto path = folder.path().string();
        export_model(path, model.parameters(), {}, trial.model.path, model.blocks());
        const auto config = nlohmann::json::parse(std::ifstream(path + "/config.json"));
        EXPECT_EQ(config.at("torch_dtype"), "float64");
        EXPECT_FALSE(config.contains("dtype"));
        const auto spec = read_decoder_spec(path);
        EXPECT_EQ(spec.layers, trial.layers);
        const auto written = Checkpoint::open(path), source = Checkpoint::open(trial.model.path);
        for (const auto& parameter : parameter_sources(spec, kept_blocks(spec.layers, spec.layers, Prune::first, 0)))
            for (const auto& part : parameter.parts) {
                const auto& stored = find_part(written, part, path);
                EXPECT_EQ(stored.type, StoredType::f64);
                auto values = at::empty(part.shape, at::kDouble), before = at::empty(part.shape, at::kDouble);
                read_whole(written, stored, values);
                read_whole(source, find_part(source, part, trial.model.path), before);
                const bool is_trained = model.parameters().has(parameter.name);
                EXPECT_TRUE(at::equal(values, is_trained ? before * 2 : before)) << parameter.name;
            }
        EXPECT_EQ(std::filesystem::exists(path + "/head.safetensors"), mode == Mode::cls);
    }
}

INSTANTIATE_TEST_SUITE_P(Families, Export, ::testing::ValuesIn(tiny_models), [](const auto& info) { return test_name(info.param); });

TEST(PretrainedInit, HeadIsDrawnFromTheSeed) {
    auto store = cold_store();
    auto trial = tiny_trial("gpt2", Mode::cls);
    CutModel first(trial, ragged_task(), store);
    trial.seed = 1;
    CutModel second(trial, ragged_task(), store);
    EXPECT_TRUE(at::equal(first.parameters()["wte"], second.parameters()["wte"]));
    EXPECT_FALSE(at::equal(first.parameters()[head_name], second.parameters()[head_name]));
    EXPECT_NEAR(standard_deviation(first.parameters()[head_name]), 0.02, 0.02 * 0.4);
}

}  // namespace
}  // namespace layersweep::test
