#include "tests/fuzz/fuzz_target.hpp"
#include "worker/model/checkpoint/pickle_reader.hpp"
#include "worker/model/checkpoint/state_dict.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

using namespace layersweep;

/// The program alone: `torch_file` reads it inside its archive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)test::accepted<ConfigError>([&] {
        const PickleDocument document("data.pkl", std::as_bytes(std::span(data, size)));
        for (const auto& [tensor, storage, elements] : read_state_dict("data.pkl", document.root()).tensors) {
            const auto whole = checked_bytes({elements}, bytes_of(tensor.type));
            LAYERSWEEP_CHECK(whole && tensor.location <= *whole && tensor.bytes() <= *whole - tensor.location,
                             "a tensor lies outside its storage");
        }
    });
    return 0;
}
