#include "worker/data/fingerprint.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>

#include "protocol/cache_folder.hpp"
#include "protocol/errors.hpp"
#include "protocol/hash.hpp"

namespace layersweep {
namespace {

constexpr std::int64_t smallest_remembered_bytes = 1 << 20;
/// A file changed so lately could change again without its time showing it.
constexpr std::int64_t settled_after_s = 2;

/// What tells one state of a file from another.
std::string state_of(const std::string& canonical, const struct stat& status) {
    return canonical + "\n" + std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec) + " " + std::to_string(status.st_ino);
}

bool is_fingerprint(const std::string& text) {
    return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::optional<std::string> recall(const std::filesystem::path& entry, const std::string& state) {
    std::ifstream in(entry, std::ios::binary);
    std::string fingerprint;
    if (!in || !std::getline(in, fingerprint) || !is_fingerprint(fingerprint)) return std::nullopt;
    const std::string remembered((std::istreambuf_iterator<char>(in)), {});
    return remembered == state ? std::optional(fingerprint) : std::nullopt;
}

void remember(const std::filesystem::path& entry, const std::string& state, const std::string& fingerprint) {
    std::error_code error;
    std::filesystem::create_directories(entry.parent_path(), error);
    const auto draft = entry.string() + "." + std::to_string(getpid());
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << fingerprint << "\n" << state;
    out.close();
    if (out) {
        std::filesystem::rename(draft, entry, error);
    } else {
        std::filesystem::remove(draft, error);
    }
}

std::string hash_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    StreamHash hash;
    std::string block(1 << 20, '\0');
    while (in) {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        hash.update(std::string_view(block.data(), static_cast<std::size_t>(in.gcount())));
    }
    if (!in.eof()) throw ConfigError(path, "this file cannot be read", "its content identifies what a trial used", "check its permissions");
    return hash.hex();
}

}  // namespace

std::string file_fingerprint(const std::string& path) {
    std::error_code error;
    const auto canonical = std::filesystem::canonical(path, error).string();
    struct stat status {};
    if (error || stat(canonical.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        throw ConfigError(path, "this file does not exist", "its content identifies what a trial used", "correct the path");
    }
    const auto folder = cache_folder();
    if (status.st_size < smallest_remembered_bytes || !folder) return hash_file(canonical);
    const auto entry = *folder / "fingerprints" / hash128(canonical);
    const auto state = state_of(canonical, status);
    if (auto known = recall(entry, state)) return *known;
    const auto fingerprint = hash_file(canonical);
    if (std::time(nullptr) - status.st_mtim.tv_sec >= settled_after_s) remember(entry, state, fingerprint);
    return fingerprint;
}

std::string fingerprint_of(const std::vector<std::pair<std::string, std::string>>& role_and_path, const std::string& extra) {
    StreamHash hash;
    for (const auto& [role, path] : role_and_path) hash.update(role + "\n" + file_fingerprint(path) + "\n");
    hash.update("\n" + extra);
    return hash.hex();
}

}  // namespace layersweep
