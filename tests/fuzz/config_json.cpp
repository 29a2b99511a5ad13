#include "tests/fuzz/fuzz_target.hpp"
#include "worker/model/family/family.hpp"

using namespace layersweep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)test::scratch().write("config.json", test::text_of(data, size));
    const std::string folder = test::scratch().path().string();
    (void)test::accepted<ConfigError>([&] {
        const DecoderSpec spec = read_decoder_spec(folder);
        // As the catalog does: every block's tensors are looked for.
        const auto sources = parameter_sources(spec, kept_blocks(spec.layers, spec.layers, Prune::first, 0));
        std::int64_t elements = 0;
        for (const auto& source : sources) elements += elements_of(source.shape);
        const auto counted = trained_parameters(size_of(spec), Mode::lm, spec.layers, 0);
        LAYERSWEEP_CHECK(elements == counted, "the parameters are counted in two ways");
        (void)cut_config(folder, 1);
    });
    return 0;
}
