#include "worker/training/shares.hpp"

#include <algorithm>
#include <numeric>

namespace layersweep {

std::vector<std::vector<std::size_t>> balanced_shares(std::span<const std::int64_t> tokens, std::size_t members) {
    std::vector<std::size_t> longest_first(tokens.size());
    std::iota(longest_first.begin(), longest_first.end(), std::size_t{0});
    std::stable_sort(longest_first.begin(), longest_first.end(), [&](auto a, auto b) { return tokens[a] > tokens[b]; });
    std::vector<std::vector<std::size_t>> shares(members);
    std::vector<std::int64_t> loads(members);
    for (const auto row : longest_first) {
        const auto least = std::min_element(loads.begin(), loads.end());  // the first of equal ones
        *least += tokens[row];
        shares[std::size_t(least - loads.begin())].push_back(row);
    }
    for (auto& share : shares) std::sort(share.begin(), share.end());
    return shares;
}

}  // namespace layersweep
