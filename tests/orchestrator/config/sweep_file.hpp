#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/config/sweep_config.hpp"
#include "protocol/errors.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {

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

/// An environment variable that has its old value again at the end.
class ScopedVariable {
public:
    ScopedVariable(std::string name, const char* value) : name_(std::move(name)) {
        if (const char* old = std::getenv(name_.c_str())) old_ = old;
        set(value);
    }
    ~ScopedVariable() { set(old_ ? old_->c_str() : nullptr); }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;

private:
    void set(const char* value) const {
        if (value == nullptr) {
            ::unsetenv(name_.c_str());
        } else {
            ::setenv(name_.c_str(), value, 1);
        }
    }
    std::string name_;
    std::optional<std::string> old_;
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
    const SweepFolder folder;
    try {
        (void)folder.load(text);
    } catch (const ConfigError& error) {
        const std::string message = error.what(), prefix = folder.path() + "/";
        return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
    }
    ADD_FAILURE() << "accepted:\n" << text;
    return {};
}

}  // namespace layersweep
