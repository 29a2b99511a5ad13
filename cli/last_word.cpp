#include "cli/last_word.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace layersweep {

namespace {

constexpr const char* variable = "LAYERSWEEP_LAST_WORD";

}  // namespace

LastWord::LastWord() {
    std::string name = (std::filesystem::temp_directory_path() / "layersweep-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file < 0) return;  // then a failure that could not be recorded looks like a kill
    path_ = name;
    // Taking away needs no room on a disk that is full.
    const bool written = write(file, "?", 1) == 1;
    close(file);
    if (!written) {
        remove();
        return;
    }
    setenv(variable, name.c_str(), 1);
}

LastWord::~LastWord() {
    if (!path_.empty()) remove();
}

void LastWord::remove() {
    std::error_code stays;
    std::filesystem::remove(std::exchange(path_, {}), stays);
}

bool LastWord::is_failure() const {
    std::error_code none;
    return !path_.empty() && std::filesystem::file_size(path_, none) == 0 && !none;
}

void LastWord::leave_failure() noexcept {
    if (const char* path = std::getenv(variable)) (void)(truncate(path, 0) == 0);  // it cannot be said any other way
}

}  // namespace layersweep
