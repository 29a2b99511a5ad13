#include "worker/data/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

using test::TemporaryDirectory;
using testing::ElementsAre;
using testing::EndsWith;

std::vector<std::string> texts(const Split& split) {
    std::vector<std::string> all;
    for (const auto& row : split.rows) all.push_back(row.text);
    return all;
}

std::vector<std::int32_t> labels(const Split& split) {
    std::vector<std::int32_t> all;
    for (const auto& row : split.rows) all.push_back(row.label);
    return all;
}

DatasetRef builtin(const std::string& format, const TemporaryDirectory& folder) {
    return {.name = format, .format = format, .folder = folder.path().string()};
}

DatasetRef reviews(const TemporaryDirectory& folder, const std::string& format, const std::string& train, const std::string& test) {
    return {.name = "reviews",
            .format = format,
            .train = {folder.write("train." + format, train)},
            .test = {folder.write("test." + format, test)},
            .text = "{title}. {body}",
            .label = "stars",
            .classes = {{"1", "Negative"}, {"2", "Positive"}},
            .prompt_template = "Review: {text}\nRating:"};
}

TEST(Sst2, ReadsTabsWithoutQuotingAndStripsTexts) {
    const TemporaryDirectory folder;
    folder.write("train.tsv", "sentence\tlabel\nhide \"new secretions \t0\n\"unpaired , quote\t1\nlast without line end \t1");
    folder.write("dev.tsv", "sentence\tlabel\n  \t0\nit 's charming \t1\n");
    const auto dataset = load_dataset(builtin("sst2", folder));
    EXPECT_THAT(texts(dataset.train), ElementsAre("hide \"new secretions", "\"unpaired , quote", "last without line end"));
    EXPECT_THAT(labels(dataset.train), ElementsAre(0, 1, 1));
    EXPECT_THAT(texts(dataset.test), ElementsAre("it 's charming"));
    EXPECT_EQ(dataset.test.dropped, 1);
    EXPECT_EQ(dataset.test.rows[0].number, 1);
    EXPECT_EQ(dataset.train.published, 67349);
    EXPECT_EQ(dataset.test.published, 872);
    EXPECT_TRUE(dataset.validation.rows.empty());
    EXPECT_EQ(dataset.prompt_template, "Review: {text}\nSentiment:");
    EXPECT_EQ(dataset.classes, (std::vector<ClassLabel>{{"0", "Negative"}, {"1", "Positive"}}));
}

TEST(Emoc, JoinsThreeTurnsAndReadsCrlf) {
    const TemporaryDirectory folder;
    const std::string header = "id\tturn1\tturn2\tturn3\tlabel\r\n";
    folder.write("train.txt", header + "0\tHi\tI'm \"fine\"\t\xF0\x9F\x98\x8D \thappy\r\n1\tNo\tWhy?\tgo\tangry");
    folder.write("test.txt", header + "0\ta\tb\tc\tothers\r\n1\td\te\tf\tsad\r\n");
    const auto dataset = load_dataset(builtin("emoc", folder));
    EXPECT_THAT(texts(dataset.train), ElementsAre("Hi I'm \"fine\" \xF0\x9F\x98\x8D", "No Why? go"));
    EXPECT_THAT(labels(dataset.train), ElementsAre(1, 3));
    EXPECT_THAT(labels(dataset.test), ElementsAre(0, 2));
    EXPECT_EQ(dataset.train.published, 30160);
    EXPECT_EQ(dataset.test.published, 5509);
}

TEST(Trec, ReadsLatin1AndCoarseClasses) {
    const TemporaryDirectory folder;
    folder.write("train_5500.label", "DESC:manner How did \xF0 serfdom : develop ?\nABBR:exp What is CD ?\n");
    folder.write("TREC_10.label", "NUM:dist How far ?\nLOC:city Where ?\nHUM:ind Who ?\nENTY:animal What ?");
    const auto dataset = load_dataset(builtin("trec", folder));
    EXPECT_THAT(texts(dataset.train), ElementsAre("How did \xC3\xB0 serfdom : develop ?", "What is CD ?"));
    EXPECT_THAT(labels(dataset.train), ElementsAre(2, 0));
    EXPECT_THAT(labels(dataset.test), ElementsAre(5, 4, 3, 1));
    EXPECT_EQ(dataset.classes[3].word, "Person");
    EXPECT_EQ(dataset.prompt_template, "Question: {text}\nAnswer Type:");
}

TEST(Agnews, JoinsTitleAndDescriptionAndKeepsBackslashes) {
    const TemporaryDirectory folder;
    folder.write("train.csv", "\"3\",\"Oil, \"\"crude\"\"\",\"costs \\$50\\\"\n\"4\",\"Two\nlines\",\"here\"\n");
    folder.write("test.csv", "\"1\",\"NA\",\"null\"\n\"2\",\"Goal\",\"\"\n");
    const auto dataset = load_dataset(builtin("agnews", folder));
    EXPECT_THAT(texts(dataset.train), ElementsAre("Oil, \"crude\" costs \\$50\\", "Two\nlines here"));
    EXPECT_THAT(labels(dataset.train), ElementsAre(2, 3));
    EXPECT_THAT(texts(dataset.test), ElementsAre("NA null", "Goal"));
    EXPECT_EQ(dataset.train.published, 120000);
}

TEST(GenericCsv, FillsThePatternFromNamedColumns) {
    const TemporaryDirectory folder;
    auto ref =
        reviews(folder, "csv", "stars,body,title\n1,\"bad, really\",Oh\n2,fine,\"A \"\"good\"\" one\"\n", "stars,body,title\r\n2,b,t\r\n");
    ref.validation = {folder.write("dev.csv", "title,body,stars\nx,y,1\n")};
    const auto dataset = load_dataset(ref);
    EXPECT_THAT(texts(dataset.train), ElementsAre("Oh. bad, really", "A \"good\" one. fine"));
    EXPECT_THAT(labels(dataset.train), ElementsAre(0, 1));
    EXPECT_THAT(texts(dataset.test), ElementsAre("t. b"));
    EXPECT_THAT(texts(dataset.validation), ElementsAre("x. y"));
    EXPECT_EQ(dataset.train.published, 0);
}

TEST(GenericCsv, NumbersRowsThroughAllFilesOfASplit) {
    const TemporaryDirectory folder;
    auto ref = reviews(folder, "csv", "stars,body,title\n1,a,b\n1,c,d\n", "stars,body,title\n2,b,t\n");
    ref.train.push_back(folder.write("more.csv", "stars,body,title\n2,e,f\n"));
    const auto dataset = load_dataset(ref);
    EXPECT_THAT(texts(dataset.train), ElementsAre("b. a", "d. c", "f. e"));
    EXPECT_EQ(dataset.train.rows[2].number, 2);
}

TEST(GenericCsv, NamesColumnsWhereThereIsNoHeader) {
    const TemporaryDirectory folder;
    auto ref = reviews(folder, "csv", "1,bad\n2,good\n", "2,well\n");
    ref.header = false;
    ref.text = "{column_2}";
    ref.label = "column_1";
    EXPECT_THAT(texts(load_dataset(ref).train), ElementsAre("bad", "good"));
}

TEST(GenericCsv, KeepsEveryValueAsText) {
    const TemporaryDirectory folder;
    auto ref = reviews(folder, "csv", "\xEF\xBB\xBFstars,body,title\n01,007,1e5\n1.0,true,2020-01-01\n", "stars,body,title\n01,x,y\n");
    ref.classes = {{"01", "Negative"}, {"1.0", "Positive"}};
    const auto dataset = load_dataset(ref);
    EXPECT_THAT(texts(dataset.train), ElementsAre("1e5. 007", "2020-01-01. true"));
    EXPECT_THAT(labels(dataset.train), ElementsAre(0, 1));
}

TEST(GenericTsv, KnowsNoQuoting) {
    const TemporaryDirectory folder;
    const auto ref = reviews(folder, "tsv", "title\tbody\tstars\n\"open\tnever closed\t1\n\na\tb\t2\n", "title\tbody\tstars\nc\td\t1\n");
    EXPECT_THAT(texts(load_dataset(ref).train), ElementsAre("\"open. never closed", "a. b"));
}

TEST(DescribeDataset, FillsInWhatTheFormatKnows) {
    const TemporaryDirectory folder;
    folder.write("train.tsv", "sentence\tlabel\na\t0\n");
    folder.write("dev.tsv", "sentence\tlabel\nb\t1\n");
    const auto described = describe_dataset(builtin("sst2", folder));
    EXPECT_EQ(described.classes.size(), 2U);
    EXPECT_EQ(described.prompt_template, "Review: {text}\nSentiment:");
    EXPECT_EQ(described.fingerprint.size(), 32U);
    EXPECT_THAT(dataset_files(described), ElementsAre(EndsWith("/train.tsv"), EndsWith("/dev.tsv")));
    EXPECT_EQ(describe_dataset(described), described);
}

TEST(DescribeDataset, FingerprintFollowsContentAndMeaningButNotPlaces) {
    const TemporaryDirectory here, there;
    const std::string train = "stars,body,title\n1,a,b\n", test_rows = "stars,body,title\n2,b,t\n";
    const auto ref = reviews(here, "csv", train, test_rows);
    const auto fingerprint = describe_dataset(ref).fingerprint;
    auto moved = reviews(there, "csv", train, test_rows);
    moved.name = "another name";
    EXPECT_EQ(describe_dataset(moved).fingerprint, fingerprint);
    EXPECT_NE(describe_dataset(reviews(there, "csv", train + "1,c,d\n", test_rows)).fingerprint, fingerprint);
    auto changed = ref;
    changed.prompt_template = "{text}\nRating:";
    EXPECT_NE(describe_dataset(changed).fingerprint, fingerprint);
    changed = ref;
    changed.classes[0].word = "Bad";
    EXPECT_NE(describe_dataset(changed).fingerprint, fingerprint);
    changed = ref;
    changed.text = "{body}";
    EXPECT_NE(describe_dataset(changed).fingerprint, fingerprint);
    changed = ref;
    std::swap(changed.train, changed.test);
    EXPECT_NE(describe_dataset(changed).fingerprint, fingerprint);
    changed = ref;
    changed.validation = changed.test;
    EXPECT_NE(describe_dataset(changed).fingerprint, fingerprint);
}

TEST(FillTemplate, SaysWhereTheTextBegins) {
    std::size_t offset = 0;
    EXPECT_EQ(fill_template("Review: {text}\nRating:", "so {text}", &offset), "Review: so {text}\nRating:");
    EXPECT_EQ(offset, 8U);
    EXPECT_EQ(fill_template("{text}", ""), "");
}

}  // namespace
}  // namespace layersweep
