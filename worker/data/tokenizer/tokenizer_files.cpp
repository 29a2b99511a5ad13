#include "worker/data/tokenizer/tokenizer_files.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "protocol/errors.hpp"
#include "protocol/utf8.hpp"
#include "worker/data/read_file.hpp"
#include "worker/data/tokenizer/tokenizer_json.hpp"

namespace layersweep {

using nlohmann::json;

void refuse_tokenizer(const std::string& place, const std::string& what) {
    throw ConfigError(place, what, "only byte-level BPE is known (GPT-2, OPT, SmolLM2 and their like)",
                      "give the tokenizer files of such a model");
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 100;
    std::string shown = "\"";
    while (!text.empty()) {
        const auto point = decode_utf8(text);
        const auto length = point.length == 0 ? 1 : point.length;
        if (shown.size() > longest) return shown + "…\"";
        shown += point.length == 0 ? "?" : text.substr(0, length);
        text.remove_prefix(length);
    }
    return shown + '"';
}

json parse_tokenizer_file(const std::string& path) {
    json value = json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
    if (!value.is_object()) refuse_tokenizer(path, "this is not a JSON object");
    return value;
}

std::int32_t token_id(const json& id, const char* kind, const std::string& name, const std::string& path) {
    constexpr std::int64_t largest = 1 << 24;
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > largest)
        refuse_tokenizer(path, std::string("the ") + kind + " " + in_quotes(name) + " has no usable id");
    return id.get<std::int32_t>();
}

void read_vocabulary(const json& printed, const ByteAlphabet& alphabet, TokenizerFiles& files) {
    if (!printed.is_object() || printed.empty()) refuse_tokenizer(files.source, "there is no vocabulary");
    for (const auto& [name, id] : printed.items()) {
        const auto number = token_id(id, "token", name, files.source);
        if (auto bytes = alphabet.bytes(name)) files.vocabulary.emplace(std::move(*bytes), number);
    }
}

void append_merge(std::string_view left, std::string_view right, const ByteAlphabet& alphabet, TokenizerFiles& files,
                  const std::string& place) {
    auto left_bytes = alphabet.bytes(left), right_bytes = alphabet.bytes(right);
    if (left.empty() || right.empty() || !left_bytes || !right_bytes) refuse_tokenizer(place, "this is no merge of two tokens");
    files.merges.emplace_back(std::move(*left_bytes), std::move(*right_bytes));
}

void append_merge(std::string_view pair, const ByteAlphabet& alphabet, TokenizerFiles& files, const std::string& place) {
    const auto space = pair.find(' ');
    if (space == std::string_view::npos) refuse_tokenizer(place, "this is no merge of two tokens");
    append_merge(pair.substr(0, space), pair.substr(space + 1), alphabet, files, place);
}

namespace {

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

/// `added_tokens.json`, which transformers writes beside vocab.json for tokens that a user added: content -> id.
void append_added_tokens(const std::string& path, TokenizerFiles& files) {
    const json tokens = parse_tokenizer_file(path);
    for (const auto& [content, id] : tokens.items()) {
        if (content.empty()) refuse_tokenizer(path, "an added token has no content");
        files.added_tokens.push_back({content, token_id(id, "added token", content, path)});
    }
}

TokenizerFiles read_vocab_and_merges(const std::string& vocab, const std::string& merges, const std::string& added) {
    const ByteAlphabet alphabet;
    TokenizerFiles files{.source = vocab};
    const json printed = parse_tokenizer_file(vocab);
    read_vocabulary(printed, alphabet, files);
    add_family_tokens(printed, files);
    read_merges_txt(merges, alphabet, files);
    if (std::filesystem::exists(added)) append_added_tokens(added, files);
    return files;
}

}  // namespace

TokenizerFiles read_tokenizer_files(const std::string& folder) {
    const auto path = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
    const auto whole = path("tokenizer.json"), vocab = path("vocab.json"), merges = path("merges.txt");
    if (std::filesystem::exists(whole)) return read_tokenizer_json(whole);
    if (std::filesystem::exists(vocab) && std::filesystem::exists(merges))
        return read_vocab_and_merges(vocab, merges, path("added_tokens.json"));
    throw ConfigError(folder, "there is no tokenizer: neither tokenizer.json, nor vocab.json and merges.txt",
                      "texts cannot be turned into the model's tokens", "put the model's own tokenizer files there");
}

}  // namespace layersweep
