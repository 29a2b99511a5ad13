#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep::test {

/// Runs the released program on the small sweep, each test in a folder of its own.
class SmallSweep : public ::testing::Test {
protected:
    [[nodiscard]] std::map<std::string, std::string> environment(int workers = 2) const {
        return {{"DEMO", LAYERSWEEP_SOURCE_DIR "/configs/demo"}, {"WORKERS", std::to_string(workers)}};
    }
    [[nodiscard]] std::string folder(const std::string& name) const { return (scratch_.path() / name).string(); }
    [[nodiscard]] std::string log(const std::string& name) const { return folder(name + ".log"); }

    /// Runs the sweep to its end into `name`.
    Ended run(const std::string& name, int workers = 2, const std::vector<std::string>& more = {},
              const std::string& sweep = small_) const {
        std::vector<std::string> arguments{"run", sweep, "--results", folder(name), "--progress", "plain"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_layersweep(arguments, log(name), environment(workers));
    }
    [[nodiscard]] std::string results(const std::string& name) const { return read_text(folder(name) + "/results.csv"); }
    [[nodiscard]] std::string ledger(const std::string& name) const {
        std::string text;
        if (!std::filesystem::exists(folder(name) + "/ledger")) return text;
        for (const auto& entry : std::filesystem::directory_iterator(folder(name) + "/ledger"))
            if (entry.path().extension() == ".jsonl") text += read_text(entry.path());
        return text;
    }

    static constexpr const char* small_ = LAYERSWEEP_SOURCE_DIR "/tests/end_to_end/small.yaml";
    TemporaryDirectory scratch_;
};

/// How often `part` stands in `text`.
inline std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

/// Children of a process, and theirs.
inline std::vector<pid_t> descendants(pid_t pid) {
    std::vector<pid_t> all;
    const auto tasks = "/proc/" + std::to_string(pid) + "/task";
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
        std::istringstream children(read_text(task.path() / "children"));
        for (pid_t child = 0; children >> child;) {
            all.push_back(child);
            const auto below = descendants(child);
            all.insert(all.end(), below.begin(), below.end());
        }
    }
    return all;
}

}  // namespace layersweep::test
