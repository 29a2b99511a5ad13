#include "orchestrator/config/suggestion.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace layersweep {
namespace {

constexpr std::size_t longest_compared = 100;
constexpr std::size_t longest_list = 40;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

std::size_t edit_distance(const std::string& from, const std::string& to) {
    const std::string a = lower(from), b = lower(to);
    std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a.size()][b.size()];
}

std::optional<std::string> nearest_name(const std::string& word, const std::vector<std::string>& candidates) {
    if (word.empty() || word.size() > longest_compared) return std::nullopt;
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (const auto& candidate : candidates) {
        if (candidate.size() > longest_compared) continue;
        const std::size_t distance = edit_distance(word, candidate);
        const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) * 2 / 5);
        if (distance <= allowed && (!best || distance < best_distance)) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
    const auto nearest = nearest_name(word, candidates);
    const std::string meant = nearest ? fmt::format("did you mean '{}'? ", *nearest) : "";
    if (candidates.empty()) return meant + "there is none yet";
    if (candidates.size() <= longest_list) return fmt::format("{}Known: {}", meant, fmt::join(candidates, ", "));
    const std::vector<std::string> first(candidates.begin(), candidates.begin() + longest_list);
    return fmt::format("{}Known: {}, and {} more", meant, fmt::join(first, ", "), candidates.size() - longest_list);
}

}  // namespace layersweep
