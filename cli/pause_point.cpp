#include "cli/pause_point.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "orchestrator/ledger/ledger_format.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

namespace {

constexpr const char* variable = "LAYERSWEEP_PAUSE_AT";
constexpr std::chrono::seconds longest_pause{30};

enum class Point { before, written, synced };

std::string kind_of(std::string_view line) {
    const auto json = parse_ledger_line(line);
    return json ? json->value("event", "header") : "";
}

class PausePoint {
public:
    explicit PausePoint(const std::string& text) {
        std::smatch parts;
        if (!std::regex_match(text, parts, std::regex("([a-z_]+):(before|written|synced):([0-9]{1,6}):(.+)")))
            throw ConfigError(variable, "\"" + text + "\" is no place to pause at", "it is for tests only", "unset it");
        kind_ = parts[1];
        point_ = parts[2] == "before" ? Point::before : parts[2] == "written" ? Point::written : Point::synced;
        left_ = std::stoi(parts[3]);
        file_ = parts[4].str();
    }

    /// Whether these lines hold one to pause at.
    bool count(std::string_view lines) {
        bool due = false;
        for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
            if (kind_of(lines.substr(0, end)) == kind_ && --left_ <= 0) due = true;
            lines.remove_prefix(end + 1);
        }
        return due;
    }

    void reach(Point point) const {
        if (point != point_ || !std::ofstream(file_)) return;
        const auto end = std::chrono::steady_clock::now() + longest_pause;
        while (std::filesystem::exists(file_) && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }

private:
    std::string kind_;
    Point point_ = Point::before;
    int left_ = 0;  ///< lines of this kind still to come, the one to pause at included
    std::filesystem::path file_;
};

class PausingFile final : public AppendFile {
public:
    PausingFile(std::unique_ptr<AppendFile> file, PausePoint& pause) : file_(std::move(file)), pause_(pause) {}

    [[nodiscard]] std::int64_t write(std::string_view bytes) override {
        const bool due = pause_.count(bytes);
        if (due) pause_.reach(Point::before);
        const auto taken = file_->write(bytes);
        if (due) pause_.reach(Point::written);
        sync_due_ = sync_due_ || due;
        return taken;
    }
    [[nodiscard]] int sync() override {
        const int error = file_->sync();
        if (std::exchange(sync_due_, false)) pause_.reach(Point::synced);
        return error;
    }
    [[nodiscard]] std::string name() const override { return file_->name(); }

private:
    std::unique_ptr<AppendFile> file_;
    PausePoint& pause_;
    bool sync_due_ = false;
};

class PausingFolder final : public SegmentStore {
public:
    PausingFolder(const ResultsFolder& folder, const std::string& pause_at) : folder_(folder), pause_(pause_at) {}

    [[nodiscard]] std::vector<SegmentName> names() const override { return folder_.names(); }
    [[nodiscard]] bool exists(const SegmentName& name) const override { return folder_.exists(name); }
    [[nodiscard]] std::uint64_t size(const SegmentName& name) const override { return folder_.size(name); }
    [[nodiscard]] std::unique_ptr<std::istream> open(const SegmentName& name) const override { return folder_.open(name); }
    [[nodiscard]] std::unique_ptr<AppendFile> create(const SegmentName& name) override {
        auto file = folder_.create(name);
        if (!file) return nullptr;
        return std::make_unique<PausingFile>(std::move(file), pause_);
    }
    void fill(const SegmentName& name, const std::string& content) override { folder_.fill(name, content); }
    void sync(const SegmentName& name) override { folder_.sync(name); }
    void try_room(std::uint64_t bytes) override { folder_.try_room(bytes); }
    [[nodiscard]] std::string where(const SegmentName& name) const override { return folder_.where(name); }

private:
    SegmentFolder folder_;
    PausePoint pause_;
};

}  // namespace

std::unique_ptr<SegmentStore> open_segments(const ResultsFolder& folder) {
    if (const char* pause_at = std::getenv(variable)) return std::make_unique<PausingFolder>(folder, pause_at);
    return std::make_unique<SegmentFolder>(folder);
}

}  // namespace layersweep
