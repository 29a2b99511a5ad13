#include "worker/data/tokenizer/tokenizer_json.hpp"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

using nlohmann::json;

/// null where there is none. In place: a copy would recurse as deep as the file is nested.
const json& member(const json& object, const char* key) {
    static const json none;
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
}

/// What a value is, for people: short, whatever it is.
std::string shown(const json& value) {
    if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
    return value.is_structured() ? "a JSON " + std::string(value.type_name()) : value.dump();
}

class TokenizerJson {
public:
    explicit TokenizerJson(const std::string& path) : root_(parse_tokenizer_file(path)), files_{.source = path} {}

    TokenizerFiles read() {
        knows(root_, "",
              {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"});
        if (const auto& version = member(root_, "version"); !version.is_null() && version != json("1.0"))
            refuse("the version is " + shown(version) + " and not \"1.0\"");
        for (const char* key : {"truncation", "padding"})
            if (!member(root_, key).is_null())
                throw ConfigError(files_.source, "there is a " + std::string(key),
                                  "inputs are cut here (docs/experiment.md) and never padded", "write null in its place");
        if (const auto& part = member(root_, "normalizer"); !part.is_null()) refuse("there is a normalizer" + named(part));
        read_model();
        read_added_tokens();
        read_pre_tokenizer();
        read_post_processor();
        return std::move(files_);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const { refuse_tokenizer(files_.source, what); }

    /// " of type "NFC"", where a part has a type.
    [[nodiscard]] static std::string named(const json& part) {
        const json& type = part.is_object() ? member(part, "type") : part;
        return type.is_string() ? " of type " + shown(type) : "";
    }

    /// Refuses a key that none of these is: it may change what a text becomes.
    void knows(const json& object, const std::string& where, std::initializer_list<std::string_view> keys) const {
        for (const auto& [key, value] : object.items())
            if (std::ranges::find(keys, key) == keys.end() && !value.is_null())
                refuse((where.empty() ? "" : "the " + where + " has ") + "the unknown key " + in_quotes(key));
    }

    [[nodiscard]] bool flag(const json& object, const char* key, bool if_absent, const std::string& where) const {
        const json& value = member(object, key);
        if (value.is_null()) return if_absent;
        if (!value.is_boolean()) refuse("the " + where + " has " + key + ": " + shown(value) + ", which is neither true nor false");
        return value.get<bool>();
    }

    void read_model() {
        const json& model = member(root_, "model");
        const bool is_bpe = model.is_object() && (!model.contains("type") || member(model, "type") == json("BPE"));
        if (!is_bpe) refuse("the model is not BPE" + (model.is_object() ? ", but" + named(model) : ""));
        knows(model, "model",
              {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
               "ignore_merges", "vocab", "merges"});
        for (const auto& [key, expected] : {std::pair<const char*, json>{"dropout", 0.0},
                                            {"continuing_subword_prefix", ""},
                                            {"end_of_word_suffix", ""},
                                            {"byte_fallback", false},
                                            {"ignore_merges", false}}) {
            const json& value = member(model, key);
            if (!value.is_null() && value != expected) refuse(std::string("the BPE model sets ") + key);
        }
        read_vocabulary(member(model, "vocab"), alphabet_, files_);
        read_unknown_token(model);
        read_merges(member(model, "merges"));
    }

    void read_unknown_token(const json& model) {
        const json& name = member(model, "unk_token");
        files_.missing_byte = TokenizerFiles::MissingByte::dropped;
        if (name.is_null()) return;
        if (!name.is_string()) refuse("the unk_token is no text");
        if (flag(model, "fuse_unk", false, "model")) refuse("the BPE model sets fuse_unk");
        const auto found = model["vocab"].find(name.get_ref<const std::string&>());
        files_.missing_byte = TokenizerFiles::MissingByte::refused;
        if (found == model["vocab"].end()) return;
        files_.missing_byte = TokenizerFiles::MissingByte::unknown_token;
        files_.unknown_token = found->get<std::int32_t>();
    }

    void read_merges(const json& merges) {
        if (!merges.is_array()) refuse("there are no merges");
        for (std::size_t i = 0; i < merges.size(); ++i) {
            const auto place = files_.source + ": merge " + std::to_string(i + 1);
            const json& merge = merges[i];
            if (merge.is_string()) {
                append_merge(merge.get_ref<const std::string&>(), alphabet_, files_, place);
            } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
                append_merge(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>(), alphabet_, files_, place);
            } else {
                refuse_tokenizer(place, "this is no merge of two tokens");
            }
        }
    }

    void read_added_tokens() {
        const json& tokens = member(root_, "added_tokens");
        if (!tokens.is_null() && !tokens.is_array()) refuse("added_tokens is no list");
        for (const auto& token : tokens) {
            if (!token.is_object() || !member(token, "content").is_string() || token["content"].get_ref<const std::string&>().empty())
                refuse("an added token has no content");
            const auto content = token["content"].get<std::string>();
            const auto name = "added token " + in_quotes(content);
            knows(token, name, {"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
            for (const char* key : {"single_word", "lstrip", "rstrip"})
                if (flag(token, key, false, name)) refuse("the " + name + " has the flag " + key);
            const auto id = token_id(member(token, "id"), "added token", content, files_.source);
            if (std::ranges::any_of(files_.added_tokens, [&](const auto& other) { return other.content == content; }))
                refuse("the " + name + " is there twice");
            if (const auto wanted = id_of_added(content); id != wanted)
                refuse("the " + name + " has the id " + std::to_string(id) + ", and the library `tokenizers` gives it " +
                       std::to_string(wanted));
            files_.added_tokens.push_back({content, id, flag(token, "normalized", !flag(token, "special", false, name), name)});
        }
    }

    /// The library's: that of the vocabulary, otherwise the next one behind it and behind the tokens added so far, whatever the file says.
    [[nodiscard]] std::int32_t id_of_added(const std::string& content) const {
        const json& vocabulary = root_["model"]["vocab"];
        if (const auto known = vocabulary.find(content); known != vocabulary.end()) return known->get<std::int32_t>();
        auto next = std::int32_t(vocabulary.size());
        for (const auto& token : files_.added_tokens) next = std::max(next, token.id + 1);
        return next;
    }

    /// The parts of a Sequence, or the only one.
    [[nodiscard]] std::vector<const json*> parts_of(const json& whole, const char* kind, const char* list) const {
        if (whole.is_null()) return {};
        if (!whole.is_object()) refuse("the " + std::string(kind) + " is no JSON object");
        if (member(whole, "type") != json("Sequence")) return {&whole};
        knows(whole, kind, {"type", list});
        const json& parts = member(whole, list);
        if (!parts.is_array()) refuse("the " + std::string(kind) + " is a Sequence of nothing");
        std::vector<const json*> all;
        for (const auto& part : parts) {
            if (!part.is_object()) refuse("a part of the " + std::string(kind) + " is no JSON object");
            all.push_back(&part);
        }
        return all;
    }

    void read_pre_tokenizer() {
        bool has_byte_level = false;
        for (const json* part : parts_of(member(root_, "pre_tokenizer"), "pre_tokenizer", "pretokenizers")) {
            if (has_byte_level) refuse("the pre_tokenizer goes on behind ByteLevel with one" + named(*part));
            const json& type = member(*part, "type");
            if (type == json("ByteLevel")) {
                knows(*part, "pre_tokenizer ByteLevel", {"type", "add_prefix_space", "trim_offsets", "use_regex"});
                files_.rules.adds_prefix_space = flag(*part, "add_prefix_space", true, "pre_tokenizer");
                files_.rules.splits_words = flag(*part, "use_regex", true, "pre_tokenizer");
                has_byte_level = true;
            } else if (type == json("Digits") && files_.rules.digits == PreTokenizerRules::Digits::with_letters) {
                knows(*part, "pre_tokenizer Digits", {"type", "individual_digits"});
                files_.rules.digits = flag(*part, "individual_digits", false, "pre_tokenizer") ? PreTokenizerRules::Digits::single
                                                                                               : PreTokenizerRules::Digits::in_runs;
            } else {
                refuse("there is a pre_tokenizer" + named(*part) + "; known are Digits, once, and ByteLevel behind it");
            }
        }
        if (!has_byte_level) refuse("there is no pre_tokenizer of type \"ByteLevel\"");
    }

    void read_post_processor() {
        for (const json* part : parts_of(member(root_, "post_processor"), "post_processor", "processors")) {
            const json& type = member(*part, "type");
            if (type == json("ByteLevel")) continue;  // changes offsets only
            if (type != json("TemplateProcessing") || files_.surroundings)
                refuse("there is a post_processor" + named(*part) + "; known are ByteLevel and, once, TemplateProcessing");
            knows(*part, "post_processor TemplateProcessing", {"type", "single", "pair", "special_tokens"});
            read_template(*part);
        }
    }

    void read_template(const json& processing) {
        files_.surroundings.emplace();
        bool has_text = false;
        for (const auto& piece : member(processing, "single")) {
            const json& special = piece.is_object() ? member(piece, "SpecialToken") : piece;
            if (special.is_object()) {
                append_special_token(processing, member(special, "id"),
                                     has_text ? files_.surroundings->behind : files_.surroundings->front);
            } else if (piece.is_object() && member(piece, "Sequence").is_object() && member(piece["Sequence"], "id") == json("A") &&
                       !has_text) {
                has_text = true;
            } else {
                refuse("the post_processor's template has a piece that is neither a SpecialToken nor its only Sequence");
            }
        }
        if (!has_text) refuse("the post_processor's template leaves the text out");
    }

    void append_special_token(const json& processing, const json& name, std::vector<std::int32_t>& ids) const {
        const json& tokens = member(processing, "special_tokens");
        if (!name.is_string() || !tokens.is_object()) refuse("the post_processor's template has a SpecialToken without a name or table");
        const json& token = member(tokens, name.get_ref<const std::string&>().c_str());
        const json& numbers = token.is_object() ? member(token, "ids") : token;
        if (!numbers.is_array()) refuse("the post_processor's template names the special token " + shown(name) + ", which has no ids");
        for (const auto& id : numbers) ids.push_back(token_id(id, "special token", name.get<std::string>(), files_.source));
        constexpr std::size_t most = 1024;
        if (ids.size() > most) refuse("the post_processor's template puts more than " + std::to_string(most) + " tokens around a text");
    }

    json root_;
    ByteAlphabet alphabet_;
    TokenizerFiles files_;
};

}  // namespace

TokenizerFiles read_tokenizer_json(const std::string& path) {
    return TokenizerJson(path).read();
}

}  // namespace layersweep
