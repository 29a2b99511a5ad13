#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace layersweep {

/// Philox4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011): a pure function of key and counter.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// A stream of random numbers named by a seed and a purpose, the same on every platform. Streams of different purposes are independent:
/// key = seed, the purpose's hash is in the upper half of the counter, the index in the lower.
class RandomStream {
public:
    RandomStream(std::uint64_t seed, std::string_view purpose);
    [[nodiscard]] std::uint64_t at(std::uint64_t index) const;  ///< 64 bits, a pure function of (seed, purpose, index)
    std::uint64_t next();                                       ///< at(0), at(1), …
    std::uint64_t below(std::uint64_t bound);                   ///< uniform in [0, bound), Lemire's method
    double uniform();                                           ///< in [0, 1), 53 bits
    double normal();                                            ///< N(0, 1), Box-Muller, two per two draws
    void shuffle(std::span<std::uint32_t> values);              ///< Fisher-Yates from the back

private:
    std::uint64_t seed_, purpose_, index_ = 0;
    double spare_ = 0;
    bool has_spare_ = false;
};

}  // namespace layersweep
