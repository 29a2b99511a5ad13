#pragma once

#include <filesystem>

namespace layersweep {

/// How the coordinator ended where it could not record it: a file outside the results folder, whose name the ranks find in their
/// environment.
class LastWord {
public:
    /// Makes the file and names it to the ranks that this process starts.
    LastWord();
    ~LastWord();
    LastWord(const LastWord&) = delete;
    LastWord& operator=(const LastWord&) = delete;
    /// The coordinator's machine failed.
    [[nodiscard]] bool is_failure() const;

    /// For the coordinator: nothing where nobody wants to know.
    static void leave_failure() noexcept;

private:
    void remove();

    std::filesystem::path path_;
};

}  // namespace layersweep
