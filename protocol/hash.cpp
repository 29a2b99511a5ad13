#include "protocol/hash.hpp"

#include <fmt/core.h>
#include <xxhash.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

// High word first is XXH128's canonical, big-endian form, whatever the machine's byte order.
std::string hex_of(XXH128_hash_t hash) {
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

std::string hash128(std::string_view bytes) {
    return hex_of(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string hash64(std::string_view bytes) {
    return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

struct StreamHash::State {
    State() : xxh(XXH3_createState()) {
        if (xxh == nullptr) throw MachineError("out of memory for a hash state");
        XXH3_128bits_reset(xxh);
    }
    ~State() { XXH3_freeState(xxh); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    XXH3_state_t* xxh;
};

StreamHash::StreamHash() : state_(std::make_unique<State>()) {}
StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;

void StreamHash::update(std::span<const std::byte> bytes) {
    XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

void StreamHash::update(std::string_view bytes) {
    update(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

std::string StreamHash::hex() const {
    return hex_of(XXH3_128bits_digest(state_->xxh));
}

}  // namespace layersweep
