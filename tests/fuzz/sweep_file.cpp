#include <algorithm>

#include "orchestrator/grid/grid.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace layersweep;

namespace {

/// What the grid would be told of models and data sets, as if they were there.
Catalog invented_catalog(const SweepConfig& config) {
    Catalog catalog;
    for (const auto& [name, model] : config.models)
        catalog.models[name] = {.ref = model.first, .family = "gpt2", .layers = 4, .size = {.d_model = 8}};
    for (const auto& [name, dataset] : config.datasets)
        catalog.datasets[name] = {.ref = dataset.first, .train_rows = 500, .test_rows = 100};
    return catalog;
}

/// The file that spells everything out means the same.
void check_resolved(const SweepConfig& config) {
    const std::string resolved = resolved_yaml(config);
    std::string again;
    (void)test::accepted<ConfigError>([&] { again = resolved_yaml(load_sweep(test::scratch().write("resolved.yaml", resolved))); });
    LAYERSWEEP_CHECK(again == resolved, "the resolved sweep file reads as another one:\n" + resolved + "\n---\n" + again);
}

void check_grid(const SweepConfig& config) {
    std::size_t points = 1;
    constexpr std::size_t most = 200;  // a million is allowed, and takes its time
    for (const auto& axis : config.axes) points = std::min(most + 1, points * axis.values.size());
    if (points > most) return;
    const Grid grid = expand(config, invented_catalog(config));
    for (const auto& trial : grid.trials) {
        const auto found = select(grid, label_of(trial));
        LAYERSWEEP_CHECK(std::ranges::find(found, &trial) != found.end(), "a trial's label does not find it: " + label_of(trial));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = test::scratch().write("sweep.yaml", test::text_of(data, size));
    (void)test::accepted<ConfigError>([&] {
        const SweepConfig config = load_sweep(path);
        check_resolved(config);
        check_grid(config);
    });
    return 0;
}
