#include "orchestrator/report/notes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/report/markdown.hpp"
#include "tests/orchestrator/report/sample.hpp"

namespace layersweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Notes, AreAbsentWhereNothingIsToBeSaid) {
    Sample sample;
    sample.finish(sample.add("a", "d", Mode::lm, 1, 0), 1).train_rows_per_class = {200, 200};
    sample.add("a", "d", Mode::lm, 1, 1);
    EXPECT_THAT(report_notes(sample.report()), IsEmpty());
}

TEST(Notes, NameEveryMachineClassOfAMixedTableOnly) {
    Sample sample;
    for (const std::uint64_t seed : {0u, 1u, 2u}) sample.finish(sample.add("a", "d", Mode::lm, 1, seed), 1);
    const auto other = sample.add("a", "d", Mode::cls, 1, 0);
    sample.finish(other, 1);
    sample.input.finished[other].leader.machine_class = "avx512";
    EXPECT_THAT(report_notes(sample.report()), IsEmpty());
    sample.input.finished[sample.grid.trials[1].key].leader.machine_class = "NVIDIA H100";
    EXPECT_THAT(
        report_notes(sample.report()),
        ElementsAre("Mixed machine classes: the table lm was measured on NVIDIA H100 (1 trial), avx2 (2 trials); equal trials agree to "
                    "the last digit only within one class."));
}

TEST(Notes, TellClassesShortOfShotsAndCutRows) {
    Sample sample;
    sample.finish(sample.add("a", "trec", Mode::lm, 1, 0), 1).train_rows_per_class = {85, 200};
    sample.finish(sample.add("a", "trec", Mode::lm, 2, 0), 1).train_rows_per_class = {80, 200};
    sample.finish(sample.add("a", "sst2", Mode::lm, 1, 0), 1).cut_rows = 7;
    EXPECT_THAT(
        report_notes(sample.report()),
        ElementsAre("Training rows short of shots: trec, class Negative, has 80 to 85 of 200.",
                    "Cut rows: sst2 with a in lm: 7 per trial (1 trial) lost the first tokens of their text to the model's length."));
}

TEST(Notes, AllRowsAsShotsAreNeverShort) {
    Sample sample;
    sample.finish(sample.add("a", "trec", Mode::lm, 1, 0), 1).train_rows_per_class = {1, 2};
    sample.grid.trials[0].training.shots.reset();
    EXPECT_THAT(report_notes(sample.report()), IsEmpty());
}

TEST(Notes, TellWhyTrialsWereSetAsideThenWhatIsLeftOutThenTheGivenLines) {
    Sample sample;
    sample.add("a", "trec", Mode::lm, 1, 0);
    sample.finish(sample.add("a", "trec", Mode::lm, 2, 0), 1);
    sample.input.set_aside[sample.grid.trials[0].key] = "3 attempts: out of memory";
    sample.input.set_aside[sample.grid.trials[1].key] = "a later attempt finished";
    sample.finish({"ffff"}, 0.5);
    sample.grid.notices = {"2 equal trials were merged"};
    sample.input.notes = {"agnews: 20,978 of 120,000 rows"};
    EXPECT_THAT(report_notes(sample.report()),
                ElementsAre("Set aside: model=a,dataset=trec,mode=lm,layers=1,seed=0 (00000000): 3 attempts: out of memory",
                            "Left out: 1 result of trials that are not in this grid.", "2 equal trials were merged",
                            "agnews: 20,978 of 120,000 rows"));
    EXPECT_THAT(table_markdown(sample.report()), HasSubstr("\n## Notes\n\n- Set aside: model=a,"));
}

}  // namespace
}  // namespace layersweep
