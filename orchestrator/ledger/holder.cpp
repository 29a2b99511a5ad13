#include "orchestrator/ledger/holder.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json json_of(const ProcessIdentity& process) {
    return {{"host", process.host},
            {"boot_id", process.boot_id},
            {"pid", process.pid},
            {"start_time", process.start_time},
            {"slurm_job", process.slurm_job},
            {"slurm_restart", process.slurm_restart}};
}

std::optional<ProcessIdentity> read_identity(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    try {
        const json j = json::parse(text);
        return ProcessIdentity{.host = j.at("host").get<std::string>(),
                               .boot_id = j.at("boot_id").get<std::string>(),
                               .pid = j.at("pid").get<std::int64_t>(),
                               .start_time = j.at("start_time").get<std::uint64_t>(),
                               .slurm_job = j.at("slurm_job").get<std::string>(),
                               .slurm_restart = j.at("slurm_restart").get<std::int64_t>()};
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

/// A file of this process alone, which `link` and `rename` then put in place in one step.
class OwnFile {
public:
    explicit OwnFile(fs::path path) : path_(std::move(path)) {}
    ~OwnFile() { ::unlink(path_.c_str()); }
    OwnFile(const OwnFile&) = delete;
    OwnFile& operator=(const OwnFile&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

fs::path own_name(const ResultsFolder& folder, const ProcessIdentity& self, std::string_view purpose) {
    return fmt::format("{}.{}-{}-{}", folder.holder().string(), self.host, self.pid, purpose);
}

/// False where the name is taken.
bool put_in_place(const fs::path& from, const fs::path& to) {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    if (errno == EEXIST) return false;
    throw MachineError("cannot create " + to.string() + ": " + std::strerror(errno));
}

bool is_gone(const ProcessIdentity& holder) {
    return is_provably_gone(holder, current_process(), start_time_of);
}

[[noreturn]] void refuse(const ResultsFolder& folder, const std::optional<ProcessIdentity>& other) {
    throw ConfigError(
        folder.root.string(), fmt::format("this sweep is held by {}", other ? text_of(*other) : "a process that cannot be read"),
        "two coordinators would run the same trials", "wait for it or stop it; if it is surely gone, run again with --take-over");
}

/// Moves the holder's file out of the way. Another process may have taken over since it was judged: then it is put back.
void move_aside(const ResultsFolder& folder, const ProcessIdentity& self, const std::optional<ProcessIdentity>& judged) {
    const OwnFile aside(own_name(folder, self, "gone"));
    if (::rename(folder.holder().c_str(), aside.path().c_str()) != 0) {
        if (errno == ENOENT) return;
        throw MachineError("cannot move " + folder.holder().string() + ": " + std::strerror(errno));
    }
    const auto moved = read_identity(aside.path());
    if (moved == judged) return;
    put_in_place(aside.path(), folder.holder());
    refuse(folder, moved);
}

}  // namespace

LedgerHolder::LedgerHolder(const ResultsFolder& folder, ProcessIdentity self, TakeOver take_over, const StartTimeOf& look)
    : folder_(folder), self_(std::move(self)) {
    make_folder(folder_.ledger());
    const OwnFile written(own_name(folder_, self_, "new"));
    replace_file(written.path(), json_of(self_).dump() + '\n', Durability::synced);

    if (put_in_place(written.path(), folder_.holder())) return;
    const auto other = read_identity(folder_.holder());
    const bool gone = other && is_provably_gone(*other, self_, look);
    if (!gone && take_over == TakeOver::if_gone) refuse(folder_, other);
    move_aside(folder_, self_, other);
    if (!put_in_place(written.path(), folder_.holder())) refuse(folder_, read_identity(folder_.holder()));
}

LedgerHolder::~LedgerHolder() {
    if (read_identity(folder_.holder()) == self_) ::unlink(folder_.holder().c_str());
}

std::optional<ProcessIdentity> holder_of(const ResultsFolder& folder) {
    return read_identity(folder.holder());
}

std::optional<ProcessIdentity> living_holder_of(const ResultsFolder& folder) {
    auto holder = holder_of(folder);
    if (holder && is_gone(*holder)) holder.reset();
    return holder;
}

void refuse_if_held(const ResultsFolder& folder, TakeOver take_over) {
    if (take_over == TakeOver::always) return;
    const auto holder = holder_of(folder);
    const bool held = holder ? !is_gone(*holder) : std::filesystem::exists(folder.holder());
    if (held) refuse(folder, holder);
}

}  // namespace layersweep
