#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace layersweep::test {

/// A byte-level BPE with all 256 bytes (ids 0 to 255 in the order of their printable stand-ins' list), a few merges (256 …) and
/// <|endoftext|> as the last token.
struct TinyTokenizer {
    std::vector<std::pair<std::string, std::string>> merges = {{"h", "e"},   {"\u0120", "t"}, {"\u0120t", "he"},    {"l", "l"},
                                                               {"he", "ll"}, {"o", "o"},      {"\u0120", "\u0120"}, {"a", "b"},
                                                               {"b", "c"},   {"ab", "c"}};
    nlohmann::json vocabulary = make_vocabulary();

    [[nodiscard]] static std::string printable(int byte) {
        const auto plain = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255); };
        int point = byte;
        if (!plain(byte)) {
            point = 256;
            for (int b = 0; b < byte; ++b) point += plain(b) ? 0 : 1;
        }
        if (point < 128) return std::string(1, static_cast<char>(point));
        return {static_cast<char>(0xC0 | point >> 6), static_cast<char>(0x80 | (point & 63))};
    }

    [[nodiscard]] int id(const std::string& printed) const { return vocabulary.at(printed).get<int>(); }

    void write_pair(const TemporaryDirectory& folder) const {
        folder.write("vocab.json", vocabulary.dump());
        std::string text = "#version: 0.2\n";
        for (const auto& [left, right] : merges) text += left + " " + right + "\n";
        folder.write("merges.txt", text);
    }

    [[nodiscard]] nlohmann::json tokenizer_json() const {
        nlohmann::json pairs = nlohmann::json::array();
        for (const auto& [left, right] : merges) pairs.push_back(left + " " + right);
        return {{"version", "1.0"},
                {"added_tokens", {{{"id", id("<|endoftext|>")}, {"content", "<|endoftext|>"}, {"lstrip", false}, {"special", true}}}},
                {"normalizer", nullptr},
                {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
                {"model", {{"type", "BPE"}, {"dropout", nullptr}, {"vocab", vocabulary}, {"merges", pairs}}}};
    }

private:
    [[nodiscard]] nlohmann::json make_vocabulary() const {
        nlohmann::json ids = nlohmann::json::object();
        for (int byte = 0; byte < 256; ++byte) ids[printable(byte)] = byte;
        for (const auto& [left, right] : merges) ids[left + right] = ids.size();
        ids["<|endoftext|>"] = ids.size();
        return ids;
    }
};

}  // namespace layersweep::test
