#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/config/sweep_config.hpp"
#include "protocol/errors.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {

using test::ScopedVariable;

/// The folder of one sweep file, removed at its end.
class SweepFolder {
public:
    [[nodiscard]] std::string path() const { return directory_.path().string(); }
    [[nodiscard]] std::string file(const std::string& text, const std::string& name = "sweep.yaml") const {
        return directory_.write(name, text);
    }
    [[nodiscard]] SweepConfig load(const std::string& text) const { return load_sweep(file(text)); }

private:
    test::TemporaryDirectory directory_;
};

inline const std::string head = R"(sweep: test
models:
  small: { path: models/small }
  big: { path: models/big }
datasets:
  sst2: { format: sst2, path: data/sst2 }
  trec: { format: trec, path: data/trec }
)";
inline const std::string grid = R"(grid:
  model: [small, big]
  dataset: [sst2, trec]
  mode: [lm, cls]
  layers: [1, all]
  seed: [0, 42]
)";

/// The message of the ConfigError that loading `text` ends with; without the folder's name, so that it begins "sweep.yaml:".
inline std::string refusal(const std::string& text) {
    SCOPED_TRACE(text);
    const SweepFolder folder;
    const std::string message = test::refusal([&] { (void)folder.load(text); }), prefix = folder.path() + "/";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

}  // namespace layersweep
