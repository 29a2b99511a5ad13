#include "worker/data/philox.hpp"

#include <charconv>
#include <cmath>
#include <numbers>
#include <utility>

#include "protocol/errors.hpp"
#include "protocol/hash.hpp"

namespace layersweep {
namespace {

std::uint64_t purpose_id(std::string_view purpose) {
    const std::string hex = hash64(purpose);
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), id, 16);
    LAYERSWEEP_CHECK(error == std::errc{} && end == hex.data() + hex.size(), "a hash that is not hexadecimal: " + hex);
    return id;
}

std::uint32_t low(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}
std::uint32_t high(std::uint64_t value) {
    return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
    constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
    constexpr std::uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product_0 = multiplier_0 * counter[0], product_1 = multiplier_1 * counter[2];
        counter = {high(product_1) ^ counter[1] ^ key[0], low(product_1), high(product_0) ^ counter[3] ^ key[1], low(product_0)};
        key[0] += weyl_0;
        key[1] += weyl_1;
    }
    return counter;
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose) : seed_(seed), purpose_(purpose_id(purpose)) {}

std::uint64_t RandomStream::at(std::uint64_t index) const {
    const auto words = philox4x32({low(index), high(index), low(purpose_), high(purpose_)}, {low(seed_), high(seed_)});
    return words[0] | std::uint64_t{words[1]} << 32;
}

std::uint64_t RandomStream::next() {
    return at(index_++);
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
    LAYERSWEEP_CHECK(bound > 0, "a random number below 0");
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t rejected = (0 - bound) % bound;  // 2^64 mod bound
    Wide product = Wide{next()} * bound;
    while (static_cast<std::uint64_t>(product) < rejected) product = Wide{next()} * bound;
    return static_cast<std::uint64_t>(product >> 64);
}

double RandomStream::uniform() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

double RandomStream::normal() {
    if (std::exchange(has_spare_, false)) return spare_;
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is never 0
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
}

void RandomStream::shuffle(std::span<std::uint32_t> values) {
    for (std::size_t last = values.size(); last > 1; --last) std::swap(values[last - 1], values[below(last)]);
}

}  // namespace layersweep
