#include "protocol/codec.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace layersweep;

namespace {

/// What decodes encodes, and decodes again to the same. Bytes are compared, since a NaN is not equal to itself.
template <class Decode>
void round_trip(std::span<const std::uint8_t> bytes, Decode&& decode) {
    (void)test::accepted<MachineError>([&] {
        const auto encoded = encode(decode(bytes));
        bool same = false;
        (void)test::accepted<MachineError>([&] { same = encode(decode(encoded)) == encoded; });
        LAYERSWEEP_CHECK(same, "what was encoded does not decode to the same message");
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    round_trip({data, size}, decode_to_worker);
    round_trip({data, size}, decode_to_coordinator);
    return 0;
}
