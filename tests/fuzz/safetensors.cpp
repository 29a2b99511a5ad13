#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/weights.hpp"
#include "worker/model/checkpoint/safetensors_file.hpp"

using namespace layersweep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = test::scratch().write("model.safetensors", test::text_of(data, size));
    (void)test::accepted<ConfigError>([&] { test::read_tensors(SafetensorsFile(path, 0), size); });
    return 0;
}
