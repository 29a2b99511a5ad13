#pragma once

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/grid/grid.hpp"
#include "protocol/errors.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {

/// Two models of 4 and 2 blocks, two data sets of 500 and 2000 test rows.
inline Catalog small_catalog() {
    Catalog catalog;
    catalog.models["small"] = {.ref = {"small", "/m/small", std::string(32, 'a')}, .family = "gpt2", .layers = 4, .size = {.d_model = 8}};
    catalog.models["tiny"] = {.ref = {"tiny", "/m/tiny", std::string(32, 'b')}, .family = "opt", .layers = 2, .size = {.d_model = 8}};
    catalog.datasets["trec"] = {
        .ref = {.name = "trec", .format = "trec", .fingerprint = std::string(32, 'c')}, .train_rows = 5000, .test_rows = 500};
    catalog.datasets["sst2"] = {
        .ref = {.name = "sst2", .format = "sst2", .fingerprint = std::string(32, 'd')}, .train_rows = 9000, .test_rows = 2000};
    return catalog;
}

inline const std::string grid_head = R"(sweep: test
models: { small: { path: small }, tiny: { path: tiny } }
datasets: { trec: { format: trec, path: trec }, sst2: { format: sst2, path: sst2 } }
)";

/// "grid:" and what follows it, as a sweep file next to which nothing else lies.
inline SweepConfig sweep_of(const std::string& text) {
    const test::TemporaryDirectory folder;
    return load_sweep(folder.write("sweep.yaml", grid_head + text));
}

inline Grid grid_of(const std::string& text) {
    return expand(sweep_of(text), small_catalog());
}

inline std::string refusal_of(const std::string& text) {
    SCOPED_TRACE(text);
    return test::refusal([&] { (void)grid_of(text); });
}

inline std::vector<std::string> labels(const Grid& grid) {
    std::vector<std::string> out;
    for (const auto& trial : grid.trials) out.push_back(label_of(trial));
    return out;
}

/// A grid of one trial with more lines in the grid section and after it.
inline std::string one(const std::string& axes = "", const std::string& sections = "") {
    return "grid:\n  model: small\n  dataset: trec\n  mode: lm\n  layers: 1\n  seed: 0\n" + axes + sections;
}

}  // namespace layersweep
