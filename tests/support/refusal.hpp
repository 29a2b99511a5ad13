#pragma once

#include <gtest/gtest.h>

#include <string>

#include "protocol/errors.hpp"

namespace layersweep::test {

/// What `act` says where it throws an Error; a failure of the test, and no text, where it does not.
template <class Error = ConfigError, class Action>
std::string refusal(Action&& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return {};
}

}  // namespace layersweep::test
