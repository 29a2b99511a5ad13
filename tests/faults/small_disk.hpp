#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace layersweep::test {

/// A small disk of its own for one folder.
class SmallDisk {
public:
    explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
        mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, "size=24m") == 0;
        if (!mounted_) why_ = std::strerror(errno);
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    /// Why there is none; empty where there is.
    [[nodiscard]] const std::string& refusal() const { return why_; }
    void fill() const {
        std::ofstream filler(filler_(), std::ios::binary);
        const std::string block(4096, 'x');
        while (filler.write(block.data(), std::streamsize(block.size())).flush()) {
        }
    }
    void make_room() const { std::filesystem::remove(filler_()); }

private:
    [[nodiscard]] std::filesystem::path filler_() const { return folder_ / "filler"; }
    std::filesystem::path folder_;
    bool mounted_ = false;
    std::string why_;
};

}  // namespace layersweep::test
