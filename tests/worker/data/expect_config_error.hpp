#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "tests/support/refusal.hpp"

namespace layersweep::test {

/// Expects that `action` throws ConfigError and that its message holds every part.
template <class Action>
void expect_config_error(Action&& action, std::initializer_list<std::string> parts) {
    const auto told = refusal(action);
    for (const auto& part : parts) EXPECT_THAT(told, testing::HasSubstr(part));
}

}  // namespace layersweep::test
