#include "tests/fuzz/tokenizer_target.hpp"

using namespace layersweep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)test::scratch().write("tokenizer.json", test::text_of(data, size));
    test::encode_with_scratch();
    return 0;
}
