#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace layersweep {

/// Which rows of a batch each member of a gang trains, so that all have about as many tokens: the longest first, each to the member with
/// the fewest tokens so far (the lower place where these are equal). `tokens`: of each row, at least 1, in the batch's order. For each
/// member row numbers in that order; none is without a row where there are as many rows as members.
[[nodiscard]] std::vector<std::vector<std::size_t>> balanced_shares(std::span<const std::int64_t> tokens, std::size_t members);

}  // namespace layersweep
