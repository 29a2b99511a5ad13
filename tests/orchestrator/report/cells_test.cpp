#include "orchestrator/report/cells.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "protocol/errors.hpp"
#include "tests/orchestrator/report/sample.hpp"

namespace layersweep {
namespace {

TEST(Spread, OfNothingAndOfOneHasNoDeviation) {
    EXPECT_EQ(spread_of({}).n, 0);
    EXPECT_FALSE(spread_of({}).deviation);
    const std::array one{0.7};
    EXPECT_EQ(spread_of(one).mean, 0.7);
    EXPECT_FALSE(spread_of(one).deviation);
}

TEST(Spread, DividesByNMinusOne) {
    const std::array values{2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
    EXPECT_DOUBLE_EQ(spread_of(values).mean, 5);
    EXPECT_DOUBLE_EQ(*spread_of(values).deviation, std::sqrt(32.0 / 7));
}

TEST(Cells, DifferInEveryAxisButTheSeed) {
    Sample sample;
    sample.grid.axis_names = {"init"};
    sample.add("a", "d", Mode::lm, 1, 0, {{"init", "random"}});
    sample.add("b", "d", Mode::lm, 1, 0, {{"init", "random"}});
    sample.add("a", "e", Mode::lm, 1, 0, {{"init", "random"}});
    sample.add("a", "d", Mode::cls, 1, 0, {{"init", "random"}});
    sample.add("a", "d", Mode::lm, 2, 0, {{"init", "random"}});
    sample.add("a", "d", Mode::lm, 1, 0, {{"init", "pretrained"}});
    sample.add("a", "d", Mode::lm, 1, 42, {{"init", "random"}});
    const auto cells = cells_of(sample.report());
    ASSERT_EQ(cells.size(), 6u);
    EXPECT_EQ(cells[0].trials.size(), 2u);
    EXPECT_EQ(cells[0].trials[1]->seed, 42u);
}

TEST(Cells, RefuseAResultThatIsNotANumber) {
    Sample sample;
    sample.finish(sample.add("a", "d", Mode::lm, 1, 0), std::numeric_limits<double>::quiet_NaN());
    EXPECT_THROW((void)cells_of(sample.report()), InvariantError);
}

}  // namespace
}  // namespace layersweep
