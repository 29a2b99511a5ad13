#include "worker/data/read_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "protocol/errors.hpp"

namespace layersweep {

std::string read_file(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        const bool there = std::filesystem::exists(path, error);
        throw ConfigError(path, there ? "this is not a file" : "this file does not exist", "its content is needed to start",
                          "correct the path, or put the file there");
    }
    std::ifstream in(path, std::ios::binary);
    std::string bytes(std::filesystem::file_size(path, error), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (error || !in) throw ConfigError(path, "this file cannot be read", "its content is needed to start", "check its permissions");
    return bytes;
}

std::string_view next_line(std::string_view& rest) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace layersweep
