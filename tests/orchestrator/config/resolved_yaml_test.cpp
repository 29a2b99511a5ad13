#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

/// What of a configuration has to survive; places do not.
std::string essence(const SweepConfig& config) {
    std::string out = config.name + "\n";
    for (const auto& axis : config.axes) {
        for (const auto& name : axis.names) out += name + " ";
        for (const auto& values : axis.values) {
            for (const auto& value : values) out += "|" + value.text;
        }
        out += "\n";
    }
    const auto add_match = [&](const Match& match) {
        for (const auto& [name, values] : match.keys) {
            out += name;
            for (const auto& value : values) out += "|" + value.text;
        }
        out += "\n";
    };
    for (const auto& match : config.exclude) add_match(match);
    for (const auto& rule : config.overrides) {
        add_match(rule.match);
        for (const auto& [name, value] : rule.set) out += name + "=" + value.text + "\n";
    }
    return out;
}

void expect_round_trip(const SweepConfig& before) {
    const SweepFolder elsewhere;
    const std::string text = resolved_yaml(before);
    const auto after = elsewhere.load(text);
    EXPECT_EQ(essence(after), essence(before)) << text;
    EXPECT_EQ(after.training, before.training);
    EXPECT_EQ(after.resources, before.resources);
    EXPECT_EQ(after.run.workers, before.run.workers);
    EXPECT_EQ(after.shortcuts.label_position, before.shortcuts.label_position);
    EXPECT_EQ(after.faults.checkpoint_every_s, before.faults.checkpoint_every_s);
    for (const auto& [name, model] : before.models) EXPECT_EQ(after.models.at(name).first, model.first);
    for (const auto& [name, dataset] : before.datasets) EXPECT_EQ(after.datasets.at(name).first, dataset.first);
    EXPECT_EQ(resolved_yaml(after), text) << "resolving twice changes nothing";
}

TEST(ResolvedYaml, PlainSweepRoundTrips) {
    const SweepFolder folder;
    expect_round_trip(folder.load(head + grid));
}

TEST(ResolvedYaml, EverythingRoundTrips) {
    const SweepFolder folder;
    const ScopedVariable odd("LAYERSWEEP_TEST_ODD", "a \"b\" \\ ${c} ü");
    expect_round_trip(folder.load(R"(sweep: all.of-it_1
models:
  "null": { path: "${LAYERSWEEP_TEST_ODD}/m" }
  "1": { path: /x }
datasets:
  r:
    format: tsv
    train: [a.tsv, "b #1.tsv"]
    test: c.tsv
    text: "{a}: '{b}' #"
    label: "yes"
    classes: { "null": "No", "": "${raw}", "a\tb": "x: y" }
    template: "R:\n\t\"{text}\" \\ $"
grid:
  zip: [{ model: "null", betas: [0.9, 0.99] }, { model: 1, betas: [0.8, 0.9] }]
  dataset: r
  mode: [lm, p-cls]
  layers: [all, 0, 2]
  seed: [18446744073709551615]
  dropout: [from-model, 0.1]
exclude:
  - { model: "null", layers: [all, 2] }
  - { betas: [[0.9, 0.99]] }
override:
  - match: { mode: lm }
    set: { shots: all, patience: never, weight_decay: 1.0e-3 }
training: { learning_rate: 0.30000000000000004, validation_rows: 10, test_rows: all }
resources: { workers: 3, device: cpu, gang: 2 }
shortcuts: { label_position: off }
faults: { checkpoint_every: 90s }
)"));
}

TEST(ResolvedYaml, ControlCharactersRoundTrip) {
    const SweepFolder folder;
    expect_round_trip(folder.load(R"(sweep: test
models: { m: { path: "a\x01\x7Fb" } }
datasets:
  r:
    format: csv
    train: "\a"
    test: "\e\u0085"
    text: "{\b}"
    label: "\0"
    classes: { "\0": "\x1F", "\0\0": B }
    template: "\f{text}\v:"
grid: { model: m, dataset: r, mode: lm, layers: 1, seed: 0 }
)"));
}

TEST(ResolvedYaml, AllDefaultsAreSpelledOut) {
    const SweepFolder folder;
    const std::string text = resolved_yaml(folder.load(head + grid));
    for (const char* line : {"  shots: 200\n", "  validation_rows: same-as-test\n", "  betas: [0.9, 0.999]\n", "  dropout: from-model\n",
                             "  workers: auto\n", "  checkpoint_every: 10min\n", "  vocabulary: auto\n"}) {
        EXPECT_THAT(text, testing::HasSubstr(line));
    }
}

}  // namespace
}  // namespace layersweep
