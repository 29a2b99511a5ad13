#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"
#include "tests/worker/data/expect_config_error.hpp"
#include "worker/data/dataset.hpp"

namespace layersweep {
namespace {

using test::expect_config_error;
using test::TemporaryDirectory;

/// A folder with a sound data set of each format, of which a test spoils one file.
class MalformedDataset : public testing::Test {
protected:
    MalformedDataset() {
        folder_.write("train.tsv", "sentence\tlabel\na\t0\nb\t1\n");
        folder_.write("dev.tsv", "sentence\tlabel\na\t0\nb\t1\n");
        folder_.write("train.txt", "id\tturn1\tturn2\tturn3\tlabel\r\n0\ta\tb\tc\tsad\r\n");
        folder_.write("test.txt", "id\tturn1\tturn2\tturn3\tlabel\r\n0\ta\tb\tc\tsad\r\n");
        folder_.write("train_5500.label", "DESC:manner a\n");
        folder_.write("TREC_10.label", "DESC:manner a\n");
        folder_.write("train.csv", "\"1\",\"a\",\"b\"\n");
        folder_.write("test.csv", "\"1\",\"a\",\"b\"\n");
    }

    [[nodiscard]] DatasetRef builtin(const std::string& format) const {
        return {.name = "mine", .format = format, .folder = folder_.path().string()};
    }

    [[nodiscard]] DatasetRef generic() const {
        return {.name = "mine",
                .format = "csv",
                .train = {folder_.write("g/train.csv", "label,text\n1,a\n2,b\n")},
                .test = {folder_.write("g/test.csv", "label,text\n1,a\n")},
                .text = "{text}",
                .label = "label",
                .classes = {{"1", "A"}, {"2", "B"}},
                .prompt_template = "{text}:"};
    }

    void expect_refused(const DatasetRef& ref, std::initializer_list<std::string> parts) const {
        expect_config_error([&] { static_cast<void>(load_dataset(ref)); }, parts);
    }

    TemporaryDirectory folder_;
};

TEST_F(MalformedDataset, IsSoundBeforeItIsSpoiled) {
    for (const char* format : {"sst2", "emoc", "trec", "agnews"}) EXPECT_FALSE(load_dataset(builtin(format)).test.rows.empty()) << format;
    EXPECT_EQ(load_dataset(generic()).train.rows.size(), 2U);
}

TEST_F(MalformedDataset, UnknownLabelIsNamedWithFileAndRow) {
    folder_.write("train.tsv", "sentence\tlabel\na\t0\nb\t2\n");
    expect_refused(builtin("sst2"), {"train.tsv: row 2", "\"2\"", "\"0\", \"1\""});
    folder_.write("test.txt", "id\tturn1\tturn2\tturn3\tlabel\r\n0\ta\tb\tc\tbored\r\n");
    expect_refused(builtin("emoc"), {"test.txt: row 1", "bored"});
    folder_.write("TREC_10.label", "DESC:manner a\nDESK:manner b\n");
    expect_refused(builtin("trec"), {"TREC_10.label: row 2", "DESK"});
    folder_.write("train.csv", "\"1\",\"a\",\"b\"\n\"5\",\"a\",\"b\"\n");
    expect_refused(builtin("agnews"), {"train.csv: row 2", "\"5\""});
}

TEST_F(MalformedDataset, InvalidUtf8IsNamedWithFileAndRow) {
    folder_.write("dev.tsv", "sentence\tlabel\na\t0\ncaf\xE9\t1\n");
    expect_refused(builtin("sst2"), {"dev.tsv: row 2", "UTF-8"});
    folder_.write("test.csv", "\"1\",\"a\",\"b\"\n\"1\",\"\xED\xA0\x80\",\"b\"\n");
    expect_refused(builtin("agnews"), {"test.csv: row 2", "UTF-8"});
}

TEST_F(MalformedDataset, WrongColumnCountIsNamedWithFileAndRow) {
    folder_.write("train.tsv", "sentence\tlabel\na\t0\nb\n");
    expect_refused(builtin("sst2"), {"train.tsv: row 2", "1 columns where 2 are expected"});
    folder_.write("train.csv", "\"1\",\"a\",\"b\"\n\"1\",\"a\",\"b\",\"c\"\n");
    expect_refused(builtin("agnews"), {"train.csv: row 2", "4 columns where 3 are expected"});
}

TEST_F(MalformedDataset, MoreColumnsThanAnyDataSetHasAreRefused) {
    const std::string separators(20'000, ',');
    for (const std::string first : {"1", "\"1\n\"", "\"1\"\"\n\""}) {
        folder_.write("train.csv", first + separators + "\n");
        expect_refused(builtin("agnews"), {"train.csv", "more than 1000 columns"});
    }
    folder_.write("train.csv", "\"1\",\"" + separators + "\",\"b\"\n");
    EXPECT_EQ(load_dataset(builtin("agnews")).train.rows.size(), 1U);
}

TEST_F(MalformedDataset, MissingColumnNamesThoseThatAreThere) {
    folder_.write("train.tsv", "text\tlabel\na\t0\n");
    expect_refused(builtin("sst2"), {"train.tsv", "no column \"sentence\"", "text, label"});
    auto ref = generic();
    ref.label = "stars";
    expect_refused(ref, {"g/train.csv", "no column \"stars\"", "label, text"});
    folder_.write("g/train.csv", "label,text,text\n1,a,b\n");
    ref.label = "label";
    expect_refused(ref, {"several columns \"text\""});
}

TEST_F(MalformedDataset, MissingFileIsNamed) {
    std::filesystem::remove(folder_.path() / "dev.tsv");
    expect_refused(builtin("sst2"), {"dataset mine", "dev.tsv does not exist"});
    expect_config_error([&] { static_cast<void>(describe_dataset(builtin("sst2"))); }, {"dev.tsv does not exist"});
    auto ref = generic();
    ref.validation = {(folder_.path() / "nowhere.csv").string()};
    expect_refused(ref, {"nowhere.csv does not exist"});
    ref.validation = {folder_.path().string()};
    expect_refused(ref, {"is not a file"});
}

TEST_F(MalformedDataset, EmptyFilesAndFilesWithoutTextAreRefused) {
    for (const char* content : {"", "\n\n", "sentence\tlabel\n", "sentence\tlabel\n \t1\n"}) {
        folder_.write("train.tsv", content);
        expect_refused(builtin("sst2"), {"train.tsv"});
    }
    folder_.write("train_5500.label", "");
    expect_refused(builtin("trec"), {"train_5500.label", "no row with text"});
}

TEST_F(MalformedDataset, UnclosedQuoteIsRefused) {
    folder_.write("train.csv", "\"1\",\"a\",\"b\"\n\"1\",\"a\",\"never closed\n\"1\",\"c\",\"d\"\n\"1\",\"a");
    expect_refused(builtin("agnews"), {"train.csv"});
    folder_.write("train.csv", "\"1\",\"a\",\"never closed\n");
    expect_refused(builtin("agnews"), {"train.csv"});
}

TEST_F(MalformedDataset, TrecLinesWithoutClassOrQuestionAreRefused) {
    for (const char* line : {"no class here", "DESC:manner", "DESC manner: a", "DESC"}) {
        folder_.write("train_5500.label", std::string("DESC:manner a\n") + line + "\n");
        expect_refused(builtin("trec"), {"train_5500.label: row 2", "COARSE:fine question"});
    }
}

TEST_F(MalformedDataset, FormatsOfLaterVersionsAreRefusedByName) {
    for (const std::string format : {"jsonl", "parquet"}) {
        auto ref = generic();
        ref.format = format;
        expect_refused(ref, {"the format " + format + " is not in this version"});
    }
    std::filesystem::remove(folder_.path() / "train.tsv");
    folder_.write("train-00000-of-00001.parquet", "PAR1");
    expect_refused(builtin("sst2"), {"Parquet form of sst2", "not in this version"});
    auto ref = generic();
    ref.format = "xlsx";
    expect_refused(ref, {"no format \"xlsx\"", "sst2, emoc, trec, agnews, csv, tsv"});
}

TEST_F(MalformedDataset, IncompleteDescriptionsAreRefused) {
    const auto spoil = [&](auto&& change, std::initializer_list<std::string> parts) {
        auto ref = generic();
        change(ref);
        expect_refused(ref, parts);
        expect_config_error([&] { static_cast<void>(describe_dataset(ref)); }, parts);
    };
    spoil([](DatasetRef& ref) { ref.train.clear(); }, {"no train file"});
    spoil([](DatasetRef& ref) { ref.test.clear(); }, {"no test file"});
    spoil([](DatasetRef& ref) { ref.classes.pop_back(); }, {"fewer than two classes"});
    spoil([](DatasetRef& ref) { ref.classes[1].value = "1"; }, {"\"1\" is there twice"});
    spoil([](DatasetRef& ref) { ref.prompt_template = "Rating:"; }, {"{text} exactly once"});
    spoil([](DatasetRef& ref) { ref.prompt_template = "{text} {text}"; }, {"{text} exactly once"});
    spoil([](DatasetRef& ref) { ref.text = "text"; }, {"no column"});
    spoil([](DatasetRef& ref) { ref.text = "{text"; }, {"a { without its }"});
    spoil([](DatasetRef& ref) { ref.text = "text}"; }, {"a } without its {"});
    spoil([](DatasetRef& ref) { ref.text = "{}"; }, {"an empty column name"});
}

}  // namespace
}  // namespace layersweep
