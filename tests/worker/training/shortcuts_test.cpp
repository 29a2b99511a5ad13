// Every exact shortcut against the plain way: fp64, 50 steps, every form of decoder, every mode and loss that it is valid for, gangs of 1
// and 2.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/thread_collective.hpp"
#include "tests/worker/training/tiny_trial.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep::test {
namespace {

struct Case {
    std::string name, family;
    Mode mode;
    Loss loss;
    Shortcuts shortcuts;
    int gang;
    std::int64_t layers = 2, batch = 5;
    Init init = Init::pretrained;
    Prune prune = Prune::first;
};

std::vector<Case> cases() {
    struct Task {
        std::string name;
        Mode mode;
        Loss loss;
    };
    const std::vector<Task> tasks{{"lm", Mode::lm, Loss::label_words},
                                  {"vocabulary", Mode::lm, Loss::vocabulary},
                                  {"prompt", Mode::lm, Loss::prompt},
                                  {"p_cls", Mode::p_cls, Loss::label_words},
                                  {"cls", Mode::cls, Loss::label_words}};
    std::vector<Case> all;
    for (const auto& family : tiny_models)
        for (const auto& [name, mode, loss] : tasks)
            for (const int gang : {1, 2}) {
                const auto add = [&](const std::string& shortcut, const Shortcuts& shortcuts) {
                    all.push_back({test_name(family) + "_" + name + "_" + shortcut + "_" + std::to_string(gang), family, mode, loss,
                                   shortcuts, gang});
                };
                const bool compacts = loss == Loss::label_words, reads_ends = loss != Loss::prompt;
                if (compacts) add("vocabulary", {.vocabulary = true});
                if (reads_ends) add("label_position", {.label_position = true});
                if (mode != Mode::cls) add("shared_prefix", {.shared_prefix = true, .shared_prefix_in_training = true});
                add("all", {compacts, reads_ends, true, true});
            }
    const Shortcuts every{true, true, true, true};
    for (const auto& family : tiny_models) {
        const auto add = [&](const std::string& name, Case one) {
            one.name = test_name(family) + "_" + name;
            one.family = family;
            one.shortcuts = every;
            all.push_back(one);
        };
        for (const auto mode : {Mode::lm, Mode::p_cls}) {
            const std::string in = mode == Mode::lm ? "lm_" : "p_cls_";
            add(in + "one_block", {.mode = mode, .gang = 1, .layers = 1});
            add(in + "no_block", {.mode = mode, .gang = 1, .layers = 0});
            add(in + "all_blocks_but_the_first", {.mode = mode, .gang = 2, .layers = 2, .prune = Prune::last});
            add(in + "random_weights", {.mode = mode, .gang = 1, .init = Init::random});
            add(in + "one_row", {.mode = mode, .gang = 1, .batch = 1});
        }
    }
    return all;
}

class ShortcutsTest : public ::testing::TestWithParam<Case> {
protected:
    [[nodiscard]] Outcome outcome(const Trial& trial) const {
        Outcome first;
        run_gang(GetParam().gang, [&](Collective& gang) {
            auto store = cold_store();
            const auto own = outcome_of(trial, gang, store);
            if (gang.rank() == 0) first = own;
        });
        return first;
    }
    TinyDataset dataset;
};

TEST_P(ShortcutsTest, EqualsThePlainWay) {
    auto trial = letters_trial(GetParam().family, GetParam().mode, dataset);
    trial.training.loss = GetParam().loss;
    trial.training.weight_decay = 0.1;
    trial.layers = GetParam().layers;
    trial.training.batch = GetParam().batch;
    trial.training.init = GetParam().init;
    trial.training.prune = GetParam().prune;
    trial.training.epochs = trial.training.batch == 1 ? 2 : 10;
    if (trial.mode != Mode::cls && GetParam().shortcuts.shared_prefix) {
        ASSERT_GE(cold_store().task(trial)->size.shared_prefix, shortest_shared_prefix) << "else nothing would be shared here";
    }
    const double rounding = rounding_of(GetParam().family);
    const auto plain = outcome(trial);
    trial.shortcuts = GetParam().shortcuts;
    const auto fast = outcome(trial);
    ASSERT_GE(plain.losses.size(), 42U);
    ASSERT_EQ(fast.losses.size(), plain.losses.size());
    for (std::size_t step = 0; step < plain.losses.size(); ++step)
        EXPECT_NEAR(fast.losses[step], plain.losses[step], rounding * plain.losses[step]) << "step " << step;
    EXPECT_EQ(fast.result.accuracy, plain.result.accuracy);
    EXPECT_EQ(fast.result.parameters, plain.result.parameters);
    for (std::size_t row = 0; row < plain.result.predictions.size(); ++row)
        for (std::size_t score = 0; score < 3; ++score) {
            const auto expected = plain.result.predictions[row].scores[score];
            EXPECT_NEAR(fast.result.predictions[row].scores[score], expected, 10 * rounding * std::max(1.0, std::abs(expected)));
        }
}

INSTANTIATE_TEST_SUITE_P(, ShortcutsTest, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace layersweep::test
