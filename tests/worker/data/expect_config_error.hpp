#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "protocol/errors.hpp"

namespace layersweep::test {

/// Expects that `action` throws ConfigError and that its message holds every part.
template <class Action>
void expect_config_error(Action&& action, std::initializer_list<std::string> parts) {
    try {
        action();
        ADD_FAILURE() << "nothing was refused";
    } catch (const ConfigError& error) {
        for (const auto& part : parts) EXPECT_THAT(error.what(), testing::HasSubstr(part));
    }
}

}  // namespace layersweep::test
