#include "protocol/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace layersweep {
namespace {

TEST(Errors, ConfigErrorSaysWhatWhyAndWhatToDo) {
    const ConfigError error("a.yaml:3:5", "unknown key 'layer'", "it would be ignored", "write 'layers'");
    EXPECT_STREQ(error.what(), "a.yaml:3:5: unknown key 'layer'\n  why: it would be ignored\n  do:  write 'layers'");
}

TEST(Errors, ConfigErrorWithoutAPlaceStartsWithTheMistake) {
    EXPECT_STREQ(ConfigError("", "no file", "why", "do").what(), "no file\n  why: why\n  do:  do");
}

TEST(Errors, FailedCheckNamesConditionPlaceAndMessage) {
    const auto fail = [] { LAYERSWEEP_CHECK(1 + 1 == 3, std::string("sums")); };
    try {
        fail();
        FAIL() << "the check passed";
    } catch (const InvariantError& error) {
        EXPECT_THAT(error.what(),
                    testing::AllOf(testing::HasSubstr("1 + 1 == 3"), testing::HasSubstr("errors_test.cpp"), testing::HasSubstr("sums")));
    }
}

TEST(Errors, PassedCheckDoesNotBuildItsMessage) {
    bool built = false;
    const auto message = [&] {
        built = true;
        return std::string();
    };
    LAYERSWEEP_CHECK(true, message());
    EXPECT_FALSE(built);
}

}  // namespace
}  // namespace layersweep
