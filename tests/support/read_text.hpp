#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace layersweep::test {

/// Every byte of a file; empty where there is none.
inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace layersweep::test
