#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/faults/account.hpp"
#include "tests/faults/processes.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep::test {

/// Where the coordinator waits for the test, see cli/pause_point.hpp.
class Gate {
public:
    explicit Gate(std::filesystem::path folder) : folder_(std::move(folder)) { std::filesystem::create_directories(folder_); }
    [[nodiscard]] std::string at(const std::string& kind, const std::string& point, int nth) const {
        return kind + ':' + point + ':' + std::to_string(nth) + ':' + file().string();
    }
    [[nodiscard]] bool is_reached() const { return std::filesystem::exists(file()); }
    /// On to the next such line.
    void pass() const { std::filesystem::remove(file()); }
    /// No pause any more.
    void open() const {
        std::error_code gone;
        std::filesystem::rename(folder_, folder_.string() + "-open", gone);
    }

private:
    [[nodiscard]] std::filesystem::path file() const { return folder_ / "waiting"; }
    std::filesystem::path folder_;
};

/// One results folder, and the processes that are started on it.
class FaultSweep {
public:
    FaultSweep(const std::filesystem::path& parent, const std::string& name)
        : root_(parent / "sweep" / name), mark_(std::to_string(getpid()) + '-' + name), gate_(root_ / "gate") {}
    ~FaultSweep() { end_orphans(mark_); }
    FaultSweep(const FaultSweep&) = delete;
    FaultSweep& operator=(const FaultSweep&) = delete;

    static constexpr const char* sweep_file = LAYERSWEEP_SOURCE_DIR "/tests/faults/faults.yaml";
    using Environment = std::map<std::string, std::string>;
    [[nodiscard]] Environment environment() const { return {{"DEMO", LAYERSWEEP_SOURCE_DIR "/configs/demo"}, {mark_variable, mark_}}; }
    [[nodiscard]] Program start(const std::vector<std::string>& more = {}, const Environment& besides = {}) const {
        std::vector<std::string> command{layersweep_program(), "run", sweep_file, "--results", results().string(), "--progress", "plain"};
        command.insert(command.end(), more.begin(), more.end());
        auto variables = environment();
        variables.insert(besides.begin(), besides.end());
        return Program(command, log(), variables);
    }
    [[nodiscard]] Program start_paused(const std::string& at, const std::vector<std::string>& more = {}) const {
        return start(more, {{"LAYERSWEEP_PAUSE_AT", at}});
    }

    [[nodiscard]] const Gate& gate() const { return gate_; }
    [[nodiscard]] const std::string& mark() const { return mark_; }
    [[nodiscard]] std::filesystem::path results() const { return root_ / "results"; }
    [[nodiscard]] std::filesystem::path log() const { return root_ / "log"; }
    [[nodiscard]] Account account() const { return account_of(results()); }
    [[nodiscard]] std::string csv() const { return read_text(results() / "results.csv"); }
    [[nodiscard]] bool all_gone_within(std::chrono::seconds limit) const {
        return wait_until([this] { return processes_of(mark_).empty(); }, limit);
    }

private:
    std::filesystem::path root_;
    std::string mark_;
    Gate gate_;
};

}  // namespace layersweep::test
