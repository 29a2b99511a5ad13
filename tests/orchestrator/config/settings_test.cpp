#include "orchestrator/config/setting_table.hpp"

#include <cmath>
#include <set>

#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

SweepConfig with(const std::string& sections) {
    const SweepFolder folder;
    return folder.load(head + grid + sections);
}

std::string refused(const std::string& section, const std::string& name, const std::string& value) {
    return refusal(head + grid + section + ":\n  " + name + ": " + value + "\n");
}

TEST(Settings, DefaultsAreThoseAtTheFields) {
    const auto config = with("");
    EXPECT_EQ(config.training, TrainingSettings{});
    EXPECT_EQ(config.resources, ResourceSettings{});
    EXPECT_EQ(config.faults.checkpoint_every_s, 600);
    EXPECT_FALSE(config.run.workers);
    EXPECT_TRUE(config.setting_places.empty());
}

TEST(Settings, EmptySectionsKeepTheDefaults) {
    EXPECT_EQ(with("training:\nresources: {}\nexclude:\noverride: []\n").training, TrainingSettings{});
}

TEST(Settings, EveryTrainingSettingArrivesInItsField) {
    const auto t = with(
                       "training: { shots: all, demonstrations_per_class: 0, test_rows: all, validation_rows: 77, batch: 4, epochs: 0, "
                       "patience: never, learning_rate: 1e-3, betas: [0.8, 0.99], epsilon: 1.0e-6, weight_decay: 0, dropout: 0.25, "
                       "loss: prompt, precision: fp64, init: random, prune: ends }\n")
                       .training;
    const TrainingSettings expected{.shots = std::nullopt,
                                    .demonstrations_per_class = 0,
                                    .test_rows = std::nullopt,
                                    .validation_rows = 77,
                                    .batch = 4,
                                    .epochs = 0,
                                    .patience = std::nullopt,
                                    .learning_rate = 1e-3,
                                    .beta1 = 0.8,
                                    .beta2 = 0.99,
                                    .epsilon = 1e-6,
                                    .weight_decay = 0,
                                    .dropout = 0.25,
                                    .loss = Loss::prompt,
                                    .precision = Precision::fp64,
                                    .init = Init::random,
                                    .prune = Prune::ends};
    EXPECT_EQ(t, expected);
}

TEST(Settings, EveryOtherSettingArrivesInItsField) {
    const auto config = with(
        "shortcuts: { vocabulary: off, label_position: auto, shared_prefix: off }\n"
        "resources: { device: cpu, workers: 3, threads_per_worker: 2, gang: 4 }\n"
        "faults: { max_attempts: 5, checkpoint_every: 2h }\n");
    EXPECT_EQ(config.shortcuts.vocabulary, ShortcutChoice::off);
    EXPECT_EQ(config.shortcuts.label_position, ShortcutChoice::automatic);
    EXPECT_EQ(config.shortcuts.shared_prefix, ShortcutChoice::off);
    EXPECT_EQ(config.resources, (ResourceSettings{.device = Device::cpu, .threads_per_worker = 2, .gang = 4}));
    EXPECT_EQ(config.run.workers, 3);
    EXPECT_EQ(config.faults.max_attempts, 5);
    EXPECT_EQ(config.faults.checkpoint_every_s, 7200);
    EXPECT_EQ(config.setting_places.at("gang").line, 15);
}

TEST(Settings, DurationsHaveUnits) {
    EXPECT_EQ(with("faults: { checkpoint_every: 30s }\n").faults.checkpoint_every_s, 30);
    EXPECT_EQ(with("faults: { checkpoint_every: 10min }\n").faults.checkpoint_every_s, 600);
    for (const char* value : {"600", "0s", "-1s", "10m", "1.5h", "s", "99999999999999999999s", "9999999h", "10 min"}) {
        EXPECT_THAT(refused("faults", "checkpoint_every", value), HasSubstr("is no value for checkpoint_every")) << value;
    }
}

TEST(Settings, NumbersThatMakeNoSenseAreRefusedAtTheirPlace) {
    EXPECT_THAT(refused("training", "batch", "0"),
                AllOf(StartsWith("sweep.yaml:15:10: '0' is no value for batch"), HasSubstr("at least 1")));
    const std::vector<std::pair<const char*, std::vector<const char*>>> bad{
        {"batch", {"-1", "1.5", "1e3", "two", "\"\"", "[1]", "{a: 1}", "", "99999999999999999999", "0x10", "1 000"}},
        {"epochs", {"-1", ".5", "never"}},
        {"shots", {"0", "-5", "al", "every"}},
        {"demonstrations_per_class", {"-1", "all"}},
        {"test_rows", {"0", "same-as-test"}},
        {"validation_rows", {"0", "same"}},
        {"patience", {"0", "none"}},
        {"learning_rate", {"0", "-1e-5", ".nan", "nan", "inf", ".inf", "1e999", "fast", "5,0e-5"}},
        {"betas", {"0.9", "[0.9]", "[0.9, 0.99, 0.999]", "[0.9, 1]", "[-0.1, 0.9]", "[a, b]", "[]", "[0.9, nan]"}},
        {"epsilon", {"0", "-1"}},
        {"weight_decay", {"-0.1", "nan"}},
        {"dropout", {"1", "-0.1", "model", "from_models"}},
    };
    for (const auto& [name, values] : bad) {
        for (const char* value : values)
            EXPECT_THAT(refused("training", name, value), StartsWith("sweep.yaml:15:")) << name << ": " << value;
    }
}

TEST(Settings, WordsGetTheNearestName) {
    EXPECT_THAT(refused("training", "loss", "label_words"), HasSubstr("did you mean 'label-words'?"));
    EXPECT_THAT(refused("training", "precision", "pf32"), HasSubstr("did you mean 'fp32'?"));
    EXPECT_THAT(refused("training", "dropout", "from_model"), HasSubstr("did you mean 'from-model'?"));
    EXPECT_THAT(refused("resources", "device", "gpu"), HasSubstr("Known: auto, cpu, cuda"));
    EXPECT_THAT(refused("shortcuts", "vocabulary", "yes"), HasSubstr("Known: auto, on, off"));
}

TEST(Settings, UnknownSettingGetsTheNearestName) {
    EXPECT_THAT(refusal(head + grid + "training:\n  learningrate: 1\n"),
                AllOf(StartsWith("sweep.yaml:15:3: unknown key 'learningrate'"), HasSubstr("did you mean 'learning_rate'?")));
    EXPECT_THAT(refusal(head + grid + "resources:\n  batch: 1\n"), HasSubstr("resources has no such key"));
}

TEST(Settings, SectionOfAnotherTypeIsRefused) {
    EXPECT_THAT(refusal(head + grid + "training: [batch, 1]\n"), HasSubstr("training is a list"));
}

TEST(Settings, NegativeZeroIsZero) {
    EXPECT_FALSE(std::signbit(with("training: { weight_decay: -0.0 }\n").training.weight_decay));
}

TEST(Settings, EveryPrintedValueIsReadBackAsTheSame) {
    SettingTarget target;
    target.training.learning_rate = 0.1 + 0.2;
    target.training.patience = std::nullopt;
    target.training.dropout = 1.0 / 3;
    target.faults.checkpoint_every_s = 61;
    for (const auto& setting : setting_table()) {
        SettingTarget copy = target;
        setting.apply(copy, {setting.print(target), {}});
        EXPECT_EQ(setting.print(copy), setting.print(target)) << setting.name;
        EXPECT_EQ(copy.training, target.training) << setting.name;
    }
}

TEST(Settings, NamesAreUniqueOverAllSections) {
    std::set<std::string> names;
    for (const auto& setting : setting_table()) EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_EQ(names.size(), 27u);
}

TEST(Settings, ApplyKnowsTrialSettingsOnly) {
    Trial trial;
    EXPECT_TRUE(apply_setting(trial, "gang", {"2", {}}));
    EXPECT_EQ(trial.resources.gang, 2);
    EXPECT_EQ(printed_setting(trial, "gang"), "2");
    EXPECT_FALSE(apply_setting(trial, "workers", {"2", {}}));
    EXPECT_FALSE(apply_setting(trial, "model", {"x", {}}));
    EXPECT_EQ(printed_setting(trial, "seed"), std::nullopt);
    EXPECT_THROW(apply_setting(trial, "gang", {"0", {"f", 1, 2}}), ConfigError);
}

}  // namespace
}  // namespace layersweep
