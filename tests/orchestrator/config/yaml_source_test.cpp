#include <fmt/format.h>

#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string refused_path(const std::string& path) {
    return test::refusal([&] { (void)load_sweep(path); });
}

TEST(YamlSource, MissingFileIsRefusedByName) {
    EXPECT_THAT(refused_path("/nonexistent/x.yaml"), StartsWith("/nonexistent/x.yaml: no such sweep file"));
}

TEST(YamlSource, FolderIsRefused) {
    const SweepFolder folder;
    EXPECT_THAT(refused_path(folder.path()), HasSubstr("a folder, not a sweep file"));
}

TEST(YamlSource, DeviceIsRefused) {
    EXPECT_THAT(refused_path("/dev/zero"), HasSubstr("no regular file"));
}

TEST(YamlSource, EmptyBlankAndCommentOnlyFilesAreRefused) {
    for (const char* text : {"", "\n \n", "# only a comment\n", "---\n"}) EXPECT_THAT(refusal(text), HasSubstr("is empty")) << text;
}

TEST(YamlSource, BinaryIsRefusedAtItsFirstByte) {
    EXPECT_THAT(refusal(std::string("sweep: a\nb\0c", 12)), AllOf(StartsWith("sweep.yaml:2:2: "), HasSubstr("binary")));
    EXPECT_THAT(refusal("sweep: \xff\xfe"), StartsWith("sweep.yaml:1:8: "));
    EXPECT_THAT(refusal("sweep: \xc0\xaf"), StartsWith("sweep.yaml:1:8: ")) << "overlong form";
}

TEST(YamlSource, TabInIndentationIsRefusedWithItsPlace) {
    EXPECT_THAT(refusal("grid:\n\tmodel: [a]\n"), AllOf(StartsWith("sweep.yaml:2:1: "), HasSubstr("tab")));
    EXPECT_THAT(refusal("grid:\n  \tmodel: [a]\n"), StartsWith("sweep.yaml:2:3: "));
}

TEST(YamlSource, ByteOrderMarkAndWindowsLineEndsAreFine) {
    std::string text = "\xef\xbb\xbf" + head + grid;
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.replace(at, 1, "\r\n");
    const SweepFolder folder;
    EXPECT_EQ(folder.load(text).name, "test");
}

TEST(YamlSource, SyntaxErrorHasLineAndColumn) {
    EXPECT_THAT(refusal("sweep: a\nmodels: {a: [1, 2}\n"), AllOf(StartsWith("sweep.yaml:2:"), HasSubstr("no valid YAML")));
    EXPECT_THAT(refusal("sweep: a: b\n"), StartsWith("sweep.yaml:1:"));
}

TEST(YamlSource, OpenQuoteIsRefusedWhereItOpens) {
    EXPECT_THAT(refusal("sweep: 'a\nmodels: 1\n"), AllOf(StartsWith("sweep.yaml:1:8: "), HasSubstr("never closed")));
    EXPECT_THAT(refusal("sweep: \"a\\\"\n"), HasSubstr("never closed"));
    EXPECT_THAT(refusal("sweep: 'it''s\nmodels: 1\n"), AllOf(StartsWith("sweep.yaml:1:8: "), HasSubstr("never closed")));
}

TEST(YamlSource, DuplicateKeysAreRefusedAtTheSecond) {
    EXPECT_THAT(refusal("sweep: a\nsweep: b\n"),
                AllOf(StartsWith("sweep.yaml:2:1: the key 'sweep' stands here twice"), HasSubstr("line 1")));
    EXPECT_THAT(refusal(head + grid + "training: { batch: 1, epochs: 2, batch: 3 }\n"), HasSubstr("'batch' stands here twice"));
}

TEST(YamlSource, SecondDocumentIsRefused) {
    EXPECT_THAT(refusal(head + grid + "---\nsweep: b\n"), HasSubstr("a second YAML document"));
}

TEST(YamlSource, RunawayAliasesAreRefusedQuickly) {
    std::string text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 30; ++i)
        text += fmt::format("b{0}: &a{0} [{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}]\n", i, fmt::format("*a{}", i - 1));
    EXPECT_THAT(refusal(text), AllOf(StartsWith("sweep.yaml:"), HasSubstr("expands to more than")));
}

TEST(YamlSource, AnchorsAroundManyNodesAreRefused) {
    std::string text = "a: ";
    for (int i = 0; i < 60; ++i) text += fmt::format("&a{} [", i);
    for (int i = 0; i < 10'000; ++i) text += "x, ";
    EXPECT_THAT(refusal(text + std::string(60, ']') + "\n"), AllOf(StartsWith("sweep.yaml:"), HasSubstr("expands to more than")));
}

TEST(YamlSource, AliasInsideItselfIsRefused) {
    EXPECT_THAT(refusal("a: &x [1, *x]\n"), HasSubstr("inside the node that it names"));
}

TEST(YamlSource, UnknownAliasIsRefused) {
    EXPECT_THAT(refusal("a: *nothing\n"), StartsWith("sweep.yaml:1:"));
}

TEST(YamlSource, DeepNestingIsRefused) {
    for (const std::size_t depth : {100u, 100'000u}) {
        EXPECT_THAT(refusal("a: " + std::string(depth, '[') + std::string(depth, ']') + "\n"), HasSubstr("nested")) << depth;
        std::string block;
        for (std::size_t i = 0; i < depth; ++i) block += "- ";
        EXPECT_THAT(refusal(block + "x\n"), HasSubstr("nested")) << depth;
    }
    std::string chain = "a0: &a0 x\n";
    for (int i = 1; i < 200; ++i) chain += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
    EXPECT_THAT(refusal(chain), HasSubstr("nested"));
}

TEST(YamlSource, AliasesOfModestSizeWork) {
    const SweepFolder folder;
    const auto config = folder.load(head + "grid:\n  model: [small]\n  dataset: [sst2]\n  mode: [lm]\n  layers: &l [1, 2]\n  seed: *l\n");
    EXPECT_EQ(config.axes[4].values.size(), 2u);
}

TEST(YamlSource, TagsComplexAndEmptyKeysAreRefused) {
    EXPECT_THAT(refusal("sweep: !!binary abc\n"), HasSubstr("a YAML tag"));
    EXPECT_THAT(refusal("? [a]\n: b\n"), HasSubstr("a list or map used as a key"));
    EXPECT_THAT(refusal("~: b\n"), HasSubstr("empty or null"));
}

TEST(YamlSource, MergeKeysAreRefusedByName) {
    EXPECT_THAT(refusal(head + grid + "training:\n  <<: { batch: 2 }\n"), HasSubstr("merge keys are not supported"));
}

TEST(YamlSource, RootThatIsNoMapIsRefused) {
    EXPECT_THAT(refusal("[1, 2]\n"), HasSubstr("the sweep file is a list"));
    EXPECT_THAT(refusal("hello\n"), HasSubstr("the sweep file is the value 'hello'"));
}

TEST(YamlSource, UnknownSectionGetsTheNearestName) {
    EXPECT_THAT(refusal(head + grid + "trainign: {}\n"),
                AllOf(StartsWith("sweep.yaml:14:1: unknown key 'trainign'"), HasSubstr("did you mean 'training'?")));
}

TEST(YamlSource, MissingSectionsAreNamed) {
    EXPECT_THAT(refusal(head), HasSubstr("'grid' is missing"));
    EXPECT_THAT(refusal(grid), HasSubstr("'sweep' is missing"));
    EXPECT_THAT(refusal("sweep: a\nmodels:\n" + grid), HasSubstr("'models' is empty"));
}

TEST(YamlSource, ZeroByteInAPathIsRefused) {
    EXPECT_THAT(refusal("sweep: a\nmodels: { m: { path: \"a\\0b\" } }\ndatasets: {}\n" + grid),
                StartsWith("sweep.yaml:2:22: models.m.path holds a zero byte"));
}

TEST(YamlSource, SweepNameThatIsNoFolderNameIsRefused) {
    for (const char* name : {"a/b", "..", "\"a b\"", "\"\"", "-x"}) {
        EXPECT_THAT(refusal("sweep: " + std::string(name) + "\n"), HasSubstr("cannot be the name of a sweep")) << name;
    }
}

}  // namespace
}  // namespace layersweep
