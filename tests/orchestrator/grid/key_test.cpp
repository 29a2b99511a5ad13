#include "tests/orchestrator/grid/grid_builder.hpp"

#include <functional>

namespace layersweep {
namespace {

Trial trial_of(Mode mode) {
    Trial trial;
    trial.model = {"m", "/m", "0123456789abcdef0123456789abcdef"};
    trial.dataset = {.name = "d", .format = "sst2", .fingerprint = "fedcba9876543210fedcba9876543210"};
    trial.mode = mode;
    trial.layers = 12;
    trial.seed = 421;
    return trial;
}

using Change = std::function<void(Trial&)>;

bool changes_key(Trial trial, const Change& change) {
    const TrialKey before = key_of(trial);
    change(trial);
    return key_of(trial) != before;
}

/// Every change of a setting that only training looks at.
const std::vector<std::pair<const char*, Change>> training_changes{
    {"batch", [](Trial& t) { t.training.batch = 2; }},
    {"patience", [](Trial& t) { t.training.patience.reset(); }},
    {"learning_rate", [](Trial& t) { t.training.learning_rate = 5.000000000000001e-05; }},
    {"beta1", [](Trial& t) { t.training.beta1 = 0.8; }},
    {"beta2", [](Trial& t) { t.training.beta2 = 0.99; }},
    {"epsilon", [](Trial& t) { t.training.epsilon = 1e-7; }},
    {"weight_decay", [](Trial& t) { t.training.weight_decay = 0; }},
    {"dropout", [](Trial& t) { t.training.dropout = 0.0; }},
};

/// Every change that decides which rows are seen, or which model.
const std::vector<std::pair<const char*, Change>> experiment_changes{
    {"model", [](Trial& t) { t.model.fingerprint[0] = 'f'; }},
    {"dataset", [](Trial& t) { t.dataset.fingerprint[0] = '0'; }},
    {"layers", [](Trial& t) { t.layers = 11; }},
    {"seed", [](Trial& t) { t.seed = 422; }},
    {"shots", [](Trial& t) { t.training.shots.reset(); }},
    {"demonstrations", [](Trial& t) { t.training.demonstrations_per_class = 2; }},
    {"test_rows", [](Trial& t) { t.training.test_rows.reset(); }},
    {"validation_rows", [](Trial& t) { t.training.validation_rows = 7; }},
    {"epochs", [](Trial& t) { t.training.epochs = 7; }},
    {"precision", [](Trial& t) { t.training.precision = Precision::fp64; }},
    {"init", [](Trial& t) { t.training.init = Init::random; }},
    {"prune", [](Trial& t) { t.training.prune = Prune::last; }},
};

TEST(Key, GoldenMaterialAndKeyNeverChange) {
    EXPECT_EQ(
        key_material(trial_of(Mode::lm)),
        R"({"batch":1,"betas":[0.9,0.999],"dataset":"fedcba9876543210fedcba9876543210","demonstrations_per_class":1,)"
        R"("dropout":"from-model","epochs":50,"epsilon":1e-08,"init":"pretrained","layers":12,"learning_rate":5e-05,)"
        R"("loss":"label-words","mode":"lm","model":"0123456789abcdef0123456789abcdef","patience":15,"precision":"fp32",)"
        R"("prune":"first","seed":421,"shots":200,"test_rows":1000,"validation_rows":"same-as-test","version":1,"weight_decay":0.01})");
    EXPECT_EQ(key_of(trial_of(Mode::lm)).hex, "e28a7cfbfb56a0f5a0d5e34b98e48758");
}

TEST(Key, EverySettingThatAppliesChangesIt) {
    for (const Mode mode : {Mode::lm, Mode::p_cls, Mode::cls}) {
        for (const auto& [name, change] : experiment_changes) EXPECT_TRUE(changes_key(trial_of(mode), change)) << name;
        for (const auto& [name, change] : training_changes) EXPECT_TRUE(changes_key(trial_of(mode), change)) << name;
    }
    EXPECT_NE(key_of(trial_of(Mode::lm)), key_of(trial_of(Mode::p_cls)));
    EXPECT_NE(key_of(trial_of(Mode::p_cls)), key_of(trial_of(Mode::cls)));
}

TEST(Key, LossAppliesInLmOnly) {
    const Change change = [](Trial& t) { t.training.loss = Loss::prompt; };
    EXPECT_TRUE(changes_key(trial_of(Mode::lm), change));
    EXPECT_FALSE(changes_key(trial_of(Mode::p_cls), change));
    EXPECT_FALSE(changes_key(trial_of(Mode::cls), change));
}

TEST(Key, WithoutTrainingOnlyTheExperimentCounts) {
    Trial untrained = trial_of(Mode::lm);
    untrained.training.epochs = 0;
    for (const auto& [name, change] : training_changes) EXPECT_FALSE(changes_key(untrained, change)) << name;
    EXPECT_FALSE(changes_key(untrained, [](Trial& t) { t.training.loss = Loss::vocabulary; }));
    for (const auto& [name, change] : experiment_changes) EXPECT_TRUE(changes_key(untrained, change)) << name;
}

TEST(Key, WhereAndHowWideItRanDoesNotEnter) {
    EXPECT_FALSE(changes_key(trial_of(Mode::lm), [](Trial& t) {
        t.model.name = "other", t.model.path = "/elsewhere";
        t.dataset.name = "other", t.dataset.folder = "/elsewhere";
        t.resources = {.device = Device::cuda, .threads_per_worker = 8, .gang = 4};
        t.other_axes = {{"gang", "4"}};
        t.key = {"old"};
    }));
}

TEST(Key, LargeSeedsAreWhole) {
    Trial trial = trial_of(Mode::cls);
    trial.seed = 18446744073709551615u;
    EXPECT_THAT(key_material(trial), testing::HasSubstr("\"seed\":18446744073709551615,"));
}

}  // namespace
}  // namespace layersweep
