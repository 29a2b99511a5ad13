#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "worker/model/checkpoint/checkpoint.hpp"

namespace layersweep {

/// What a weight file holds: the tensors that can be read, and the names of those whose type is not a floating one.
struct WeightListing {
    std::vector<StoredTensor> tensors;
    std::vector<std::string> unreadable;
};

/// One weight file of a checkpoint, its header read and checked. Thread-safe.
class WeightFile {
public:
    virtual ~WeightFile() = default;
    [[nodiscard]] virtual const WeightListing& listing() const = 0;
    virtual void read(const StoredTensor& tensor, std::span<std::byte> out) const = 0;
    [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
};

/// The product of `shape` times `element_bytes`; nothing where a dimension is negative or the product does not fit.
[[nodiscard]] inline std::optional<std::uint64_t> checked_bytes(const std::vector<std::int64_t>& shape, std::uint64_t element_bytes) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint64_t total = element_bytes;
    bool empty = false;
    for (const std::int64_t size : shape) {
        if (size < 0) return std::nullopt;
        if (size == 0) empty = true;
        if (size > 0 && total > most / static_cast<std::uint64_t>(size)) return std::nullopt;
        if (size > 0) total *= static_cast<std::uint64_t>(size);
    }
    return empty ? 0 : total;
}

}  // namespace layersweep
