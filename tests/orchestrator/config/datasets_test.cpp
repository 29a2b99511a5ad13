#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string generic_head = "sweep: t\nmodels: { m: { path: x } }\ndatasets:\n  r:\n";
const std::string axes = "grid: { model: m, dataset: r, mode: lm, layers: 1, seed: 0 }\n";

/// The keys of a good generic data set with one replaced (or removed by an empty text).
std::string generic(const std::string& key = "", const std::string& text = "") {
    const std::vector<std::pair<std::string, std::string>> keys{{"format", "csv"},
                                                                {"train", "data/train.csv"},
                                                                {"test", "[a.csv, /b.csv]"},
                                                                {"validation", "dev.csv"},
                                                                {"header", "false"},
                                                                {"text", "\"{title}. {body}\""},
                                                                {"label", "stars"},
                                                                {"classes", "{ \"1\": Negative, 2: \"No\" }"},
                                                                {"template", "\"Review: {text}\\nRating:\""}};
    std::string out = generic_head;
    for (const auto& [name, value] : keys) {
        const std::string& written = name == key ? text : value;
        if (!written.empty()) out += "    " + name + ": " + written + "\n";
    }
    return out + axes;
}

TEST(Datasets, EveryKeyOfAGenericOneArrives) {
    const SweepFolder folder;
    const auto r = folder.load(generic()).datasets.at("r").first;
    EXPECT_EQ(r.format, "csv");
    EXPECT_EQ(r.train, std::vector<std::string>{folder.path() + "/data/train.csv"});
    EXPECT_EQ(r.test, (std::vector<std::string>{folder.path() + "/a.csv", "/b.csv"}));
    EXPECT_EQ(r.validation, std::vector<std::string>{folder.path() + "/dev.csv"});
    EXPECT_FALSE(r.header);
    EXPECT_EQ(r.text, "{title}. {body}");
    EXPECT_EQ(r.label, "stars");
    EXPECT_EQ(r.classes, (std::vector<ClassLabel>{{"1", "Negative"}, {"2", "No"}}));
    EXPECT_EQ(r.prompt_template, "Review: {text}\nRating:");
    EXPECT_TRUE(r.fingerprint.empty());
}

TEST(Datasets, BuiltInFormatsTakeAFolderAndNothingElse) {
    EXPECT_THAT(refusal(generic_head + "    format: sst2\n    path: x\n    template: \"{text}:\"\n" + axes),
                HasSubstr("unknown key 'template'"));
    EXPECT_THAT(refusal(generic_head + "    format: sst2\n" + axes), HasSubstr("'datasets.r.path' is missing"));
}

TEST(Datasets, FormatsOfLaterVersionsAreRefusedByName) {
    EXPECT_THAT(refusal(generic("format", "jsonl")),
                AllOf(StartsWith("sweep.yaml:5:13: "), HasSubstr("format jsonl is not in this version")));
    EXPECT_THAT(refusal(generic("format", "parquet")), HasSubstr("format parquet is not in this version"));
    EXPECT_THAT(refusal(generic("format", "sst-2")), HasSubstr("did you mean 'sst2'?"));
}

TEST(Datasets, MissingKeysAreNamed) {
    for (const char* key : {"format", "train", "test", "text", "label", "classes", "template"}) {
        EXPECT_THAT(refusal(generic(key)), HasSubstr("'datasets.r." + std::string(key) + "' is missing")) << key;
    }
}

TEST(Datasets, UnknownKeyGetsTheNearestName) {
    EXPECT_THAT(refusal(generic_head + "    format: csv\n    lable: x\n" + axes), HasSubstr("did you mean 'label'?"));
}

TEST(Datasets, WrongValuesAreRefused) {
    const std::vector<std::tuple<const char*, const char*, const char*>> bad{
        {"train", "[]", "empty list"},
        {"train", "{ a: b }", "it has to be one value"},
        {"header", "maybe", "no value for datasets.r.header"},
        {"text", "title", "names no column"},
        {"text", "\"{title\"", "braces"},
        {"text", "\"{}\"", "braces"},
        {"label", "\"{stars}\"", "names no column"},
        {"classes", "{ 1: One }", "has 1 entries"},
        {"classes", "[a, b]", "it has to be a map"},
        {"classes", "{ 1: \" One\", 2: Two }", "is empty or has a space"},
        {"classes", "{ 1: null, 2: Two }", "between double quotes"},
        {"classes", "{ 1: A, 1: B }", "stands here twice"},
        {"template", "\"Rating:\"", "{text} exactly once"},
        {"template", "\"{text} {text}:\"", "{text} exactly once"},
        {"template", "\"{title}: {text}\"", "{text} exactly once"},
        {"template", "\"{text}: \"", "ends in white space"},
        {"template", "|\n      Review {text}\n      Rating:", "ends in white space"},
    };
    for (const auto& [key, value, message] : bad) EXPECT_THAT(refusal(generic(key, value)), HasSubstr(message)) << key << ": " << value;
}

TEST(Datasets, WordsAreTakenLiterally) {
    const SweepFolder folder;
    const auto r = folder.load(generic("classes", "{ 1: \"${NOT_A_VARIABLE}\", 2: yes }")).datasets.at("r").first;
    EXPECT_EQ(r.classes, (std::vector<ClassLabel>{{"1", "${NOT_A_VARIABLE}"}, {"2", "yes"}}));
}

}  // namespace
}  // namespace layersweep
