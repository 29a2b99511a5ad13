#pragma once

#include <cstdint>

#include "protocol/trial.hpp"

namespace layersweep {

/// Of a weight, gradient or moment; what only products are rounded to is no type of theirs.
[[nodiscard]] constexpr std::int64_t number_bytes(Precision precision) {
    return precision == Precision::fp64 ? 8 : 4;
}

}  // namespace layersweep
