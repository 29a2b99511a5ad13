#include "worker/model/checkpoint/torch_file.hpp"

#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/weights.hpp"

using namespace layersweep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = test::scratch().write("pytorch_model.bin", test::text_of(data, size));
    (void)test::accepted<ConfigError>([&] { test::read_tensors(TorchFile(path, 0), size); });
    return 0;
}
