#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocol/errors.hpp"

namespace layersweep {

/// The bytes of a pickle, read front to back; past the end is a ConfigError. Views stay valid as long as the bytes.
class PickleBytes {
public:
    PickleBytes(const std::string& where, std::span<const std::byte> bytes)
        : where_(where), rest_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

    std::string_view text(std::uint64_t length) {
        if (length > rest_.size()) refuse("ends inside its pickle", "the file is truncated or hostile");
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }

    std::uint8_t byte() { return static_cast<std::uint8_t>(text(1).front()); }

    std::uint64_t little(std::size_t count) {
        std::uint64_t value = 0;
        const std::string_view bytes = text(count);
        for (std::size_t i = count; i-- > 0;) value = (value << 8) | static_cast<std::uint8_t>(bytes[i]);
        return value;
    }

    /// LONG1: a length of one byte, then two's complement.
    std::int64_t signed_long() {
        const std::size_t count = byte();
        if (count > sizeof(std::int64_t)) refuse("holds a number of " + std::to_string(count) + " bytes", "sizes have at most 8");
        if (count == 0) return 0;
        const std::size_t unused = 64 - 8 * count;
        return static_cast<std::int64_t>(little(count) << unused) >> unused;
    }

    std::string_view line() {
        const std::size_t end = rest_.find('\n');
        if (end == std::string_view::npos) refuse("ends inside a name of its pickle", "the file is truncated or hostile");
        const std::string_view taken = text(end);
        text(1);
        return taken;
    }

    [[noreturn]] void refuse(const std::string& what, const std::string& why) const {
        throw ConfigError(where_, what, why, "use the model's safetensors, or save it again with save_pretrained");
    }

private:
    const std::string& where_;
    std::string_view rest_;
};

}  // namespace layersweep
