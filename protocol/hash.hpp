#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace layersweep {

/// XXH3, 128 bits, as 32 lower-case hexadecimal digits (big-endian canonical form).
[[nodiscard]] std::string hash128(std::string_view bytes);
/// XXH3, 64 bits, as 16 lower-case hexadecimal digits.
[[nodiscard]] std::string hash64(std::string_view bytes);

/// XXH3-128 over a stream of pieces; equal to hash128 of their concatenation.
class StreamHash {
public:
    StreamHash();
    ~StreamHash();
    StreamHash(StreamHash&&) noexcept;
    StreamHash& operator=(StreamHash&&) noexcept;
    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes);
    [[nodiscard]] std::string hex() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace layersweep
