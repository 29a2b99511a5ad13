#pragma once

#include <optional>
#include <string>
#include <vector>

namespace layersweep {

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other; case does not count.
[[nodiscard]] std::size_t edit_distance(const std::string& from, const std::string& to);

/// The candidate that `word` was most likely meant to be; nullopt when none is close.
[[nodiscard]] std::optional<std::string> nearest_name(const std::string& word, const std::vector<std::string>& candidates);

/// What to do about an unknown word: "did you mean 'x'? Known: x, y, z".
[[nodiscard]] std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace layersweep
