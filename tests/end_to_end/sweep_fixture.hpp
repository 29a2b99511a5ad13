#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

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

    /// Starts the sweep, with its results in `name`.
    [[nodiscard]] Program start(const std::string& name, int workers = 2, const std::vector<std::string>& more = {},
                                const std::string& sweep = small_) const {
        std::vector<std::string> command{layersweep_program(), "run", sweep, "--results", folder(name), "--progress", "plain"};
        command.insert(command.end(), more.begin(), more.end());
        return Program(command, log(name), environment(workers));
    }
    /// Runs it to its end.
    Ended run(const std::string& name, int workers = 2, const std::vector<std::string>& more = {},
              const std::string& sweep = small_) const {
        return start(name, workers, more, sweep).wait();
    }
    /// A copy of the small sweep's file with the first place of each text replaced; every one has to be there.
    [[nodiscard]] std::string changed(const std::string& name, const std::vector<std::pair<std::string, std::string>>& changes) const {
        auto text = read_text(small_);
        for (const auto& [from, to] : changes) {
            const auto at = text.find(from);
            if (at == std::string::npos) throw std::runtime_error("not in the small sweep: " + from);
            text.replace(at, from.size(), to);
        }
        return scratch_.write(name + ".yaml", text);
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

/// The rows of a CSV file without quoted fields, by the names of its columns.
inline std::vector<std::map<std::string, std::string>> csv_rows(const std::string& csv) {
    const auto fields_of = [](const std::string& line) {
        std::istringstream in(line);
        std::vector<std::string> fields;
        for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
        return fields;
    };
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    const auto names = fields_of(line);
    std::vector<std::map<std::string, std::string>> rows;
    while (std::getline(lines, line)) {
        const auto fields = fields_of(line);
        auto& row = rows.emplace_back();
        for (std::size_t i = 0; i < std::min(names.size(), fields.size()); ++i) row[names[i]] = fields[i];
    }
    return rows;
}

/// One column of it, as numbers.
inline std::vector<double> numbers(const std::string& csv, const std::string& column) {
    std::vector<double> values;
    for (const auto& row : csv_rows(csv)) values.push_back(std::stod(row.at(column)));
    return values;
}

/// How often `part` stands in `text`.
inline std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

/// False for one that has ended and whose parent has not asked for it yet.
inline bool is_alive(pid_t pid) {
    return kill(pid, 0) == 0 && read_text("/proc/" + std::to_string(pid) + "/stat").find(") Z") == std::string::npos;
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
