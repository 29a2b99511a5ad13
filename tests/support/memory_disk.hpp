#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/ledger/segment_store.hpp"
#include "protocol/errors.hpp"

namespace layersweep::test {

/// Segments in memory, on a disk that may be full, broken or away, and that forgets what was not synced when its machine crashes.
class MemoryDisk final : public SegmentStore {
public:
    int syncs = 0;                                               ///< asked for, failed ones included
    int sync_error = 0;                                          ///< errno of the next syncs
    std::size_t room = std::numeric_limits<std::size_t>::max();  ///< bytes until the disk is full
    std::size_t most_per_write = std::numeric_limits<std::size_t>::max();
    bool away = false;  ///< the folder is gone, or nothing may be written there
    bool far = false;   ///< read from another machine, which sees what was synced and no more
    /// Called before every call that reaches the disk; may throw.
    std::function<void()> on_call = [] {};

    [[nodiscard]] std::string content(std::uint32_t life = 1) const { return files_.at(life)->content; }
    void overwrite(std::uint32_t life, const std::string& content) { *file_of(life) = {content, content.size()}; }
    void remove(std::uint32_t life) { files_.erase(life); }
    /// Power is lost: of each file stays what was synced and, of the rest, `part` (0 to 1), wherever in a line that ends.
    /// Returns how many bytes are lost.
    std::size_t crash(double part) {
        std::size_t lost = 0;
        for (auto& [life, file] : files_) {
            const auto unsynced = double(file->content.size() - file->synced);
            const auto kept = file->synced + std::size_t(unsynced * part);
            lost += file->content.size() - kept;
            file->content.resize(kept);
            file->synced = kept;
        }
        return lost;
    }

    [[nodiscard]] std::vector<SegmentName> names() const override {
        std::vector<SegmentName> names;
        for (const auto& [life, file] : files_) names.push_back({0, life});
        return names;
    }
    [[nodiscard]] bool exists(const SegmentName& name) const override { return files_.contains(name.life); }
    [[nodiscard]] std::uint64_t size(const SegmentName& name) const override { return visible(name); }
    [[nodiscard]] std::unique_ptr<std::istream> open(const SegmentName& name) const override {
        return std::make_unique<std::istringstream>(found(name)->content.substr(0, visible(name)));
    }
    [[nodiscard]] std::unique_ptr<AppendFile> create(const SegmentName& name) override {
        on_call();
        if (away) throw StorageError("the disk is away");
        if (files_.contains(name.life)) return nullptr;
        return std::make_unique<Handle>(*this, file_of(name.life), name.text());
    }
    void fill(const SegmentName& name, const std::string& content) override {
        if (away || sync_error != 0 || content.size() > room) throw StorageError("no room on the disk");
        *found(name) = {content, content.size()};
    }
    void sync(const SegmentName& name) override {
        on_call();
        if (sync_error != 0 || away) throw StorageError("the disk is broken");
        if (!far) found(name)->synced = found(name)->content.size();
    }
    void try_room(std::uint64_t bytes) override {
        if (away || sync_error != 0 || bytes > room) throw StorageError("no room on the disk");
    }
    [[nodiscard]] std::string where(const SegmentName& name) const override { return "memory/" + name.text(); }

private:
    struct File {
        std::string content;
        std::size_t synced = 0;
        bool dropped = false;  ///< what is not synced will never be
    };
    class Handle final : public AppendFile {
    public:
        Handle(MemoryDisk& disk, std::shared_ptr<File> file, std::string name)
            : disk_(disk), file_(std::move(file)), name_(std::move(name)) {}
        [[nodiscard]] std::int64_t write(std::string_view bytes) override {
            disk_.on_call();
            const std::size_t taken = std::min({bytes.size(), disk_.room, disk_.most_per_write});
            if (taken == 0) return -ENOSPC;
            file_->content.append(bytes.substr(0, taken));
            disk_.room -= taken;
            return static_cast<std::int64_t>(taken);
        }
        [[nodiscard]] int sync() override {
            disk_.on_call();
            ++disk_.syncs;
            if (disk_.away) return ENOENT;
            // As kernels do it: what a failed sync could not write is dropped, and the next sync knows nothing of it.
            if (disk_.sync_error != 0) file_->dropped = true;
            if (!file_->dropped) file_->synced = file_->content.size();
            return disk_.sync_error;
        }
        [[nodiscard]] std::string name() const override { return name_; }

    private:
        MemoryDisk& disk_;
        std::shared_ptr<File> file_;
        std::string name_;
    };

    std::shared_ptr<File> file_of(std::uint32_t life) {
        auto& file = files_[life];
        if (!file) file = std::make_shared<File>();
        return file;
    }
    [[nodiscard]] std::size_t visible(const SegmentName& name) const { return far ? found(name)->synced : found(name)->content.size(); }
    [[nodiscard]] const std::shared_ptr<File>& found(const SegmentName& name) const {
        const auto file = files_.find(name.life);
        if (file == files_.end()) throw StorageError("there is no " + name.text());
        return file->second;
    }

    std::map<std::uint32_t, std::shared_ptr<File>> files_;
};

}  // namespace layersweep::test
