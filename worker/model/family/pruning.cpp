#include <algorithm>
#include <numeric>

#include "protocol/errors.hpp"
#include "worker/data/philox.hpp"
#include "worker/model/family/family.hpp"

namespace layersweep {

namespace {

/// `keep` blocks evenly spread from the first to the last.
std::vector<std::int64_t> spread(std::int64_t layers, std::int64_t keep) {
    if (keep == 1) return {0};
    std::vector<std::int64_t> blocks;
    for (std::int64_t i = 0; i < keep; ++i) blocks.push_back(i * (layers - 1) / (keep - 1));
    return blocks;
}

std::vector<std::int64_t> random_blocks(std::int64_t layers, std::int64_t keep, std::uint64_t seed) {
    std::vector<std::uint32_t> order(static_cast<std::size_t>(layers));
    std::iota(order.begin(), order.end(), 0U);
    RandomStream(seed, "prune").shuffle(order);
    std::vector<std::int64_t> blocks(order.begin(), order.begin() + keep);
    std::sort(blocks.begin(), blocks.end());
    return blocks;
}

}  // namespace

std::vector<std::int64_t> kept_blocks(std::int64_t layers, std::int64_t keep, Prune strategy, std::uint64_t seed) {
    LAYERSWEEP_CHECK(keep >= 0 && keep <= layers, "more blocks kept than there are");
    std::vector<std::int64_t> blocks(static_cast<std::size_t>(keep));
    std::iota(blocks.begin(), blocks.end(), std::int64_t{0});
    switch (strategy) {
        case Prune::first:
            break;
        case Prune::last:
            for (auto& block : blocks) block += layers - keep;
            break;
        case Prune::ends:  // the first half, rounded up, and the last half
            for (std::int64_t i = (keep + 1) / 2; i < keep; ++i) blocks[std::size_t(i)] += layers - keep;
            break;
        case Prune::alternate:
            if (keep > 0) blocks = spread(layers, keep);
            break;
        case Prune::random:
            blocks = random_blocks(layers, keep, seed);
            break;
    }
    return blocks;
}

}  // namespace layersweep
