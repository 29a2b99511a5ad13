#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocol/result.hpp"

namespace layersweep {

/// Index of the largest score; ties go to the lowest class.
[[nodiscard]] std::int32_t arg_max(std::span<const double> scores);

/// Fraction of the predictions that hit their label; 0 for none.
[[nodiscard]] double accuracy(const std::vector<Prediction>& predictions);

/// [label][predicted] counts.
[[nodiscard]] std::vector<std::vector<std::int64_t>> confusion(const std::vector<Prediction>& predictions, std::size_t classes);

/// Mean of the classes' F1 = 2·tp / (2·tp + fp + fn); a class with neither label nor prediction counts 0 (scikit-learn's default).
[[nodiscard]] double macro_f1(const std::vector<std::vector<std::int64_t>>& confusion);

}  // namespace layersweep
