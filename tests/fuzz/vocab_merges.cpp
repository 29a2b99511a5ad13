#include <algorithm>

#include "tests/fuzz/tokenizer_target.hpp"

using namespace layersweep;

/// The input is vocab.json, merges.txt and added_tokens.json, with a zero byte between them; the last may be missing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = test::text_of(data, size);
    const auto next = [&rest] {
        const std::string_view part = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        return part;
    };
    (void)test::scratch().write("vocab.json", next());
    (void)test::scratch().write("merges.txt", next());
    std::filesystem::remove(test::scratch().path() / "added_tokens.json");
    if (!rest.empty()) (void)test::scratch().write("added_tokens.json", next());
    test::encode_with_scratch();
    return 0;
}
