#include "orchestrator/report/csv_files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/report/csv_text.hpp"
#include "protocol/number_text.hpp"
#include "tests/orchestrator/report/sample.hpp"

namespace layersweep {
namespace {

void fill(Result& result) {
    result.best_epoch = 2;
    result.best_validation_accuracy = 0.1;
    result.curve = {{1, 0.7, 0.05}, {2, 0.30000000000000004, 0.1}};
    result.steps = 14;
    result.train_tokens = 1234567890123;
    result.parameters = 112800000;
    result.train_rows = 100;
    result.validation_rows = 40;
    result.test_rows = 50;
    result.cut_rows = 3;
    result.weights_hash = "abc";
    result.confusion = {{20, 5}, {0, 25}};
    result.timings = {.start_s = 0.75,
                      .encode_s = 0.25,
                      .load_s = 0.5,
                      .train_s = 12,
                      .forward_s = 3,
                      .backward_s = 6,
                      .reduce_s = 2,
                      .wait_s = 1,
                      .optimizer_s = 0.5,
                      .evaluate_s = 1.5,
                      .total_s = 14.25,
                      .floor_fraction = 0.625,
                      .peak_memory_bytes = 4096};
}

TEST(CsvFiles, ResultsHoldEveryMeasuredColumnAndNoClockOrHost) {
    Sample sample;
    fill(sample.finish(sample.add("gpt2", "sst2", Mode::p_cls, 12, 18446744073709551615u), 0.9));
    EXPECT_EQ(
        results_csv(sample.report()),
        "key,model,dataset,mode,layers,seed,accuracy,macro_f1,best_epoch,best_validation_accuracy,epochs,steps,train_tokens,parameters,"
        "train_rows,validation_rows,test_rows,cut_rows,weights_hash\n"
        "00000000000000000000000000000000,gpt2,sst2,p-cls,12,18446744073709551615,0.9,0.45,2,0.1,2,14,1234567890123,112800000,"
        "100,40,50,3,abc\n");
}

TEST(CsvFiles, TimingsTellWhereAndHowWideATrialRan) {
    Sample sample;
    const auto key = sample.add("gpt2", "sst2", Mode::lm, 1, 0);
    fill(sample.finish(key, 0.9));
    auto& finished = sample.input.finished[key];
    finished.gang = 2;
    finished.threads_per_worker = 3;
    finished.attempts = 4;
    finished.shortcuts = "vocabulary";
    finished.predicted_s = 15.5;
    EXPECT_EQ(
        timings_csv(sample.report()),
        "key,model,dataset,mode,layers,seed,start_s,load_s,encode_s,train_s,forward_s,backward_s,reduce_s,wait_s,optimizer_s,evaluate_s,"
        "total_s,predicted_s,floor_fraction,peak_memory_bytes,shortcuts,host,device,machine_class,gang,threads,attempts\n"
        "00000000000000000000000000000000,gpt2,sst2,lm,1,0,0.75,0.5,0.25,12,3,6,2,1,0.5,1.5,14.25,15.5,0.625,4096,vocabulary,"
        "\"node,1\",cpu,avx2,2,3,4\n");
}

TEST(CsvFiles, WhatIsNotKnownOfATrialsTimeIsLeftOut) {
    Sample sample;
    fill(sample.finish(sample.add("gpt2", "sst2", Mode::lm, 1, 0), 0.9));
    EXPECT_THAT(timings_csv(sample.report()), testing::HasSubstr(",14.25,,0.625,4096,,"));
}

TEST(CsvFiles, CurvesHaveARowPerEpochAndConfusionOnePerPairOfClasses) {
    Sample sample;
    fill(sample.finish(sample.add("gpt2", "sst2", Mode::cls, 1, 0), 0.9));
    const std::string trial = "00000000000000000000000000000000,gpt2,sst2,cls,1,0,";
    EXPECT_EQ(curves_csv(sample.report()), "key,model,dataset,mode,layers,seed,epoch,train_loss,validation_accuracy\n" + trial +
                                               "1,0.7,0.05\n" + trial + "2,0.30000000000000004,0.1\n");
    EXPECT_EQ(confusion_csv(sample.report()), "key,model,dataset,mode,layers,seed,label,predicted,count\n" + trial + "0,0,20\n" + trial +
                                                  "0,1,5\n" + trial + "1,0,0\n" + trial + "1,1,25\n");
}

TEST(CsvFiles, WithoutAFinishedTrialOnlyHeadersAndEmptyCellsStand) {
    Sample sample;
    sample.add("gpt2", "sst2", Mode::lm, 1, 0);
    sample.add("gpt2", "sst2", Mode::lm, 1, 42);
    for (const auto& text :
         {results_csv(sample.report()), timings_csv(sample.report()), curves_csv(sample.report()), confusion_csv(sample.report())}) {
        EXPECT_TRUE(text.starts_with("key,model,dataset,mode,layers,seed,"));
        EXPECT_EQ(text.find('\n'), text.size() - 1);
    }
    EXPECT_EQ(summary_csv(sample.report()),
              "model,dataset,mode,layers,n,missing,accuracy_mean,accuracy_std,macro_f1_mean,macro_f1_std\n"
              "gpt2,sst2,lm,1,0,2,,,,\n");
}

TEST(CsvFiles, SummaryDividesByNMinusOneAndCountsMissingSeeds) {
    Sample sample;
    for (const double accuracy : {0.25, 0.5, 0.75})
        sample.finish(sample.add("gpt2", "sst2", Mode::lm, 1, sample.grid.trials.size()), accuracy);
    sample.add("gpt2", "sst2", Mode::lm, 1, 99);
    sample.finish(sample.add("gpt2", "sst2", Mode::lm, 2, 0), 0.5);
    EXPECT_EQ(summary_csv(sample.report()),
              "model,dataset,mode,layers,n,missing,accuracy_mean,accuracy_std,macro_f1_mean,macro_f1_std\n"
              "gpt2,sst2,lm,1,3,1,0.5,0.25,0.25,0.125\n"
              "gpt2,sst2,lm,2,1,0,0.5,,0.25,\n");
}

TEST(CsvFiles, RowsStandInGridOrderWhateverWasInsertedFirst) {
    Sample forward, backward;
    std::vector<TrialKey> keys;
    for (int i = 0; i < 12; ++i) {
        for (Sample* sample : {&forward, &backward})
            sample->add(fmt::format("m{}", i % 3), "d", Mode::lm, 1, static_cast<std::uint64_t>(i / 3));
        keys.push_back(forward.grid.trials.back().key);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        fill(forward.finish(keys[i], 1.0 / static_cast<double>(i + 3)));
        const auto j = keys.size() - 1 - i;
        fill(backward.finish(keys[j], 1.0 / static_cast<double>(j + 3)));
    }
    EXPECT_EQ(results_csv(forward.report()), results_csv(backward.report()));
    EXPECT_EQ(summary_csv(forward.report()), summary_csv(backward.report()));
    EXPECT_LT(results_csv(forward.report()).find(keys[3].hex), results_csv(forward.report()).find(keys[4].hex));
}

TEST(CsvFiles, OtherAxesFollowTheSeedAndTrialsWithoutThemLeaveThemEmpty) {
    Sample sample;
    sample.grid.axis_names = {"learning_rate", "init"};
    sample.finish(sample.add("gpt2", "sst2", Mode::lm, 1, 7, {{"init", "random"}, {"learning_rate", "5.0e-5"}}), 1);
    sample.finish(sample.add("gpt2", "sst2", Mode::lm, 1, 7, {{"init", "pretrained"}}), 0);
    const auto csv = results_csv(sample.report());
    EXPECT_NE(csv.find(",seed,learning_rate,init,accuracy,"), std::string::npos);
    EXPECT_NE(csv.find(",lm,1,7,5.0e-5,random,1,"), std::string::npos);
    EXPECT_NE(csv.find(",lm,1,7,,pretrained,0,"), std::string::npos);
    EXPECT_TRUE(summary_csv(sample.report()).starts_with("model,dataset,mode,layers,learning_rate,init,n,missing,"));
}

TEST(CsvFiles, AnAxisNamedLikeAMeasuredColumnGivesWayInEveryFile) {
    Sample sample;
    sample.grid.axis_names = {"epochs", "gang"};
    sample.finish(sample.add("gpt2", "sst2", Mode::lm, 1, 7, {{"epochs", "5"}, {"gang", "2"}}), 1);
    for (const auto& text :
         {results_csv(sample.report()), timings_csv(sample.report()), summary_csv(sample.report()), curves_csv(sample.report())}) {
        EXPECT_NE(text.find(",epochs_setting,gang_setting,"), std::string::npos) << text;
    }
}

TEST(CsvFiles, NamesWithCommasQuotesAndLineEndsAreQuoted) {
    Sample sample;
    sample.finish(sample.add("a,b", "say \"hi\"", Mode::lm, 1, 0), 1);
    sample.finish(sample.add("two\nlines", "a\rb", Mode::lm, 1, 0), 1);
    const auto csv = results_csv(sample.report());
    EXPECT_NE(csv.find(",\"a,b\",\"say \"\"hi\"\"\",lm,1,0,1,"), std::string::npos);
    EXPECT_NE(csv.find(",\"two\nlines\",\"a\rb\",lm,1,0,1,"), std::string::npos);
}

TEST(Shortest, ReadsBackToTheSameBits) {
    for (const double value : {0.1, 1.0 / 3, 5e-5, 1e300, 0.0, 1.0, 123456789.123456789}) EXPECT_EQ(std::stod(shortest(value)), value);
    EXPECT_EQ(shortest(0.1), "0.1");
    EXPECT_EQ(shortest(1), "1");
}

}  // namespace
}  // namespace layersweep
