#include "tests/fuzz/dataset_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    layersweep::test::load_generic("tsv", layersweep::test::text_of(data, size));
    return 0;
}
