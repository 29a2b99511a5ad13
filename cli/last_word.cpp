#include "cli/last_word.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace layersweep {

namespace {

constexpr const char* variable = "LAYERSWEEP_LAST_WORD";

}  // namespace

LastWord::LastWord() {
    std::string name = (std::filesystem::temp_directory_path() / "layersweep-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file < 0) return;  // then a failure that could not be recorded looks like a kill
    close(file);
    path_ = name;
    setenv(variable, name.c_str(), 1);
}

LastWord::~LastWord() {
    std::error_code stays;
    if (!path_.empty()) std::filesystem::remove(path_, stays);
}

bool LastWord::is_failure() const {
    std::error_code none;
    return !path_.empty() && std::filesystem::file_size(path_, none) > 0 && !none;
}

void LastWord::leave_failure() noexcept {
    const char* path = std::getenv(variable);
    if (path == nullptr) return;
    try {
        std::ofstream(path) << "70\n";
    } catch (const std::exception&) {
    }
}

}  // namespace layersweep
