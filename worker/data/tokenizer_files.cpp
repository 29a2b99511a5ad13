#include "worker/data/tokenizer_files.hpp"

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "protocol/errors.hpp"
#include "protocol/utf8.hpp"
#include "worker/data/read_file.hpp"

namespace layersweep {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw ConfigError(path, what, "only byte-level BPE as GPT-2 and OPT use it is known",
                      "give the tokenizer files of a GPT-2 or OPT model");
}

json parse_json(const std::string& path) {
    json value = json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
    if (!value.is_object()) refuse(path, "this is not a JSON object");
    return value;
}

/// null where there is none. In place: a copy would recurse as deep as the file is nested.
const json& member(const json& object, const char* key) {
    static const json none;
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
}

/// GPT-2's printable stand-ins for bytes (encoder.py, bytes_to_unicode): printable Latin-1 stands for itself, the others follow U+0100.
class ByteAlphabet {
public:
    ByteAlphabet() {
        byte_of_.fill(-1);
        char32_t next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
            byte_of_.at(printable ? static_cast<std::size_t>(byte) : next++) = byte;
        }
    }

    /// nullopt where a character stands for no byte: such a token can only be an added one.
    [[nodiscard]] std::optional<std::string> bytes(std::string_view printable) const {
        std::string out;
        while (!printable.empty()) {
            const CodePoint point = decode_utf8(printable);
            if (point.length == 0 || point.value >= byte_of_.size() || byte_of_[point.value] < 0) return std::nullopt;
            out += static_cast<char>(byte_of_[point.value]);
            printable.remove_prefix(point.length);
        }
        return out;
    }

private:
    std::array<int, 0x144> byte_of_{};
};

std::int32_t token_id(const json& id, const char* kind, const std::string& name, const std::string& path) {
    constexpr std::int64_t largest = 1 << 24;
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > largest)
        refuse(path, std::string("the ") + kind + " \"" + name + "\" has no usable id");
    return id.get<std::int32_t>();
}

void read_vocabulary(const json& printed, const ByteAlphabet& alphabet, TokenizerFiles& files) {
    if (!printed.is_object() || printed.empty()) refuse(files.source, "there is no vocabulary");
    for (const auto& [name, id] : printed.items()) {
        const auto number = token_id(id, "token", name, files.source);
        if (auto bytes = alphabet.bytes(name)) files.vocabulary.emplace(std::move(*bytes), number);
    }
}

void append_merge(std::string_view left, std::string_view right, const ByteAlphabet& alphabet, TokenizerFiles& files,
                  const std::string& where) {
    auto left_bytes = alphabet.bytes(left), right_bytes = alphabet.bytes(right);
    if (left.empty() || right.empty() || !left_bytes || !right_bytes) refuse(where, "this is no merge of two tokens");
    files.merges.emplace_back(std::move(*left_bytes), std::move(*right_bytes));
}

void append_merge(std::string_view pair, const ByteAlphabet& alphabet, TokenizerFiles& files, const std::string& where) {
    const auto space = pair.find(' ');
    if (space == std::string_view::npos) refuse(where, "this is no merge of two tokens");
    append_merge(pair.substr(0, space), pair.substr(space + 1), alphabet, files, where);
}

void read_merges_txt(const std::string& path, const ByteAlphabet& alphabet, TokenizerFiles& files) {
    const std::string bytes = read_file(path);
    std::string_view rest = bytes;
    for (std::int64_t line_number = 1; !rest.empty(); ++line_number) {
        const auto line = next_line(rest);
        if (line.empty() || line.starts_with("#version")) continue;
        append_merge(line, alphabet, files, path + ":" + std::to_string(line_number));
    }
}

/// What transformers gives the two families as special tokens. The vocabularies tell them apart: OPT's begins as fairseq's do. (OPT's also
/// holds <|endoftext|>, as an ordinary token that no text is read as.)
void add_family_tokens(const json& printed, TokenizerFiles& files) {
    const auto has = [&](const char* name, int id) { return printed.value(name, -1) == id; };
    if (has("<s>", 0) && has("<pad>", 1) && has("</s>", 2)) {
        files.added_tokens = {{"<pad>", 1}, {"</s>", 2}};
    } else if (const auto end = printed.find("<|endoftext|>"); end != printed.end()) {
        files.added_tokens = {{end.key(), end->get<std::int32_t>()}};
    }
}

void read_added_tokens(const json& tokenizer, TokenizerFiles& files) {
    for (const auto& token : member(tokenizer, "added_tokens")) {
        if (!member(token, "content").is_string() || !token.contains("id") || token["content"].get_ref<const std::string&>().empty()) {
            refuse(files.source, "an added token has no content or no id");
        }
        const auto content = token["content"].get<std::string>();
        for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
            if (member(token, flag) == json(true)) refuse(files.source, "the added token \"" + content + "\" has the flag " + flag);
        }
        files.added_tokens.emplace_back(content, token_id(token["id"], "added token", content, files.source));
    }
}

/// `added_tokens.json`, which transformers writes beside vocab.json for tokens that a user added: content -> id.
void append_added_tokens(const std::string& path, TokenizerFiles& files) {
    const json tokens = parse_json(path);
    for (const auto& [content, id] : tokens.items()) {
        if (content.empty()) refuse(path, "an added token has no content");
        files.added_tokens.emplace_back(content, token_id(id, "added token", content, path));
    }
}

/// A value that is absent, null or equal to what plain byte-level BPE has.
bool plain(const json& object, const char* key, const json& expected) {
    const json& value = member(object, key);
    return value.is_null() || value == expected;
}

void check_is_byte_level_bpe(const json& tokenizer, const std::string& path) {
    if (!plain(tokenizer, "normalizer", nullptr)) refuse(path, "the tokenizer has a normalizer");
    const json& before = member(tokenizer, "pre_tokenizer");
    if (!before.is_object() || member(before, "type") != json("ByteLevel") || !plain(before, "use_regex", true) ||
        !plain(before, "add_prefix_space", false)) {
        refuse(path, "the pre_tokenizer is not ByteLevel with GPT-2's pattern and no prefix space");
    }
    const json& model = member(tokenizer, "model");
    if (!model.is_object() || !plain(model, "type", "BPE")) refuse(path, "the model is not BPE");
    for (const auto& [key, expected] : {std::pair<const char*, json>{"dropout", nullptr},
                                        {"continuing_subword_prefix", ""},
                                        {"end_of_word_suffix", ""},
                                        {"byte_fallback", false},
                                        {"ignore_merges", false}}) {
        if (!plain(model, key, expected)) refuse(path, std::string("the BPE model sets ") + key);
    }
}

void read_tokenizer_json(const json& tokenizer, const ByteAlphabet& alphabet, TokenizerFiles& files) {
    check_is_byte_level_bpe(tokenizer, files.source);
    const json& model = tokenizer["model"];
    read_vocabulary(member(model, "vocab"), alphabet, files);
    const json& merges = member(model, "merges");
    if (!merges.is_array()) refuse(files.source, "there are no merges");
    for (std::size_t i = 0; i < merges.size(); ++i) {
        const auto where = files.source + ": merge " + std::to_string(i + 1);
        const json& merge = merges[i];
        if (merge.is_string()) {
            append_merge(merge.get_ref<const std::string&>(), alphabet, files, where);
        } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            append_merge(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>(), alphabet, files, where);
        } else {
            refuse(where, "this is no merge of two tokens");
        }
    }
}

}  // namespace

TokenizerFiles read_tokenizer_files(const std::string& folder) {
    const std::filesystem::path root(folder);
    const auto vocab = (root / "vocab.json").string(), merges = (root / "merges.txt").string();
    const auto tokenizer = (root / "tokenizer.json").string();
    const bool has_pair = std::filesystem::exists(vocab) && std::filesystem::exists(merges);
    const bool has_tokenizer = std::filesystem::exists(tokenizer);
    if (!has_pair && !has_tokenizer) {
        throw ConfigError(folder, "there is no tokenizer: neither vocab.json and merges.txt, nor tokenizer.json",
                          "texts cannot be turned into the model's tokens", "put the model's own tokenizer files there");
    }
    const ByteAlphabet alphabet;
    TokenizerFiles files{.source = has_pair ? vocab : tokenizer};
    if (has_pair) {
        const json printed = parse_json(vocab);
        read_vocabulary(printed, alphabet, files);
        add_family_tokens(printed, files);
        read_merges_txt(merges, alphabet, files);
        const auto added = (root / "added_tokens.json").string();
        if (std::filesystem::exists(added)) append_added_tokens(added, files);
    } else {
        const json parsed = parse_json(tokenizer);
        read_tokenizer_json(parsed, alphabet, files);
        read_added_tokens(parsed, files);
    }
    return files;
}

}  // namespace layersweep
