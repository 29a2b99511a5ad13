#include "orchestrator/config/variables.hpp"

#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string expand_one(const std::string& text) {
    return expand_variables(text, {"f.yaml", 3, 4});
}

TEST(Variables, AreReplacedAndNotLookedIntoAgain) {
    const ScopedVariable a("LAYERSWEEP_TEST_A", "one${LAYERSWEEP_TEST_B}"), b("LAYERSWEEP_TEST_B", "two");
    EXPECT_EQ(expand_one("x/${LAYERSWEEP_TEST_A}/${LAYERSWEEP_TEST_B}"), "x/one${LAYERSWEEP_TEST_B}/two");
}

TEST(Variables, UnsetOneIsRefusedByNameAndPlace) {
    const ScopedVariable unset("LAYERSWEEP_TEST_A", nullptr);
    EXPECT_THAT([] { (void)expand_one("${LAYERSWEEP_TEST_A}/x"); },
                testing::ThrowsMessage<ConfigError>(AllOf(StartsWith("f.yaml:3:4: "), HasSubstr("LAYERSWEEP_TEST_A is not set"))));
}

TEST(Variables, DefaultHoldsWhereUnsetOrEmpty) {
    const ScopedVariable unset("LAYERSWEEP_TEST_A", nullptr), empty("LAYERSWEEP_TEST_B", ""), set("LAYERSWEEP_TEST_C", "c");
    EXPECT_EQ(expand_one("${LAYERSWEEP_TEST_A:-/d}${LAYERSWEEP_TEST_B:-:-e}${LAYERSWEEP_TEST_C:-f}${LAYERSWEEP_TEST_A:-}"), "/d:-ec");
}

TEST(Variables, BadFormsAreRefused) {
    for (const char* text : {"${", "${A", "${}", "${1A}", "${A B}", "${A-b}", "${A:-${B}}"})
        EXPECT_THROW((void)expand_one(text), ConfigError) << text;
}

TEST(Variables, DollarsThatBeginNoVariableStay) {
    EXPECT_EQ(expand_one("$HOME costs 5$ $${A} $"), "$HOME costs 5$ ${A} $");
}

TEST(Variables, ProtectionIsUndoneByExpansion) {
    for (const char* text : {"a", "${A}", "$${A}", "$$${", "${${"}) EXPECT_EQ(expand_one(protect_variables(text)), text);
}

TEST(Variables, PathsAreRelativeToTheFileAndLinksFollowed) {
    const SweepFolder folder;
    std::filesystem::create_directories(folder.path() + "/real/model");
    std::filesystem::create_directory_symlink(folder.path() + "/real", folder.path() + "/link");
    const ScopedVariable models("LAYERSWEEP_TEST_MODELS", "link");
    const auto path = folder.file(
        "sweep: t\nmodels: { a: { path: \"../${LAYERSWEEP_TEST_MODELS}/model/\" }, b: { path: /abs/x } }\n"
        "datasets: { s: { format: sst2, path: data } }\n"
        "grid: { model: [a], dataset: s, mode: lm, layers: 1, seed: 0 }\n",
        "deep/sweep.yaml");
    const auto config = load_sweep(path);
    EXPECT_EQ(config.models.at("a").first.path, folder.path() + "/real/model");
    EXPECT_EQ(config.models.at("b").first.path, "/abs/x");
    EXPECT_EQ(config.datasets.at("s").first.folder, folder.path() + "/deep/data");
}

TEST(Variables, TildeIsRefused) {
    EXPECT_THAT(refusal("sweep: t\nmodels: { a: { path: ~/x } }\n"), AllOf(StartsWith("sweep.yaml:2:22: "), HasSubstr("${HOME}")));
}

TEST(Variables, WorkInSettingsToo) {
    const ScopedVariable epochs("LAYERSWEEP_TEST_EPOCHS", "7");
    const SweepFolder folder;
    EXPECT_EQ(folder.load(head + grid + "training: { epochs: \"${LAYERSWEEP_TEST_EPOCHS}\" }\n").training.epochs, 7);
}

}  // namespace
}  // namespace layersweep
