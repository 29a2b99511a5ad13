#include "orchestrator/config/yaml_document.hpp"

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

constexpr std::size_t most_nodes = 200'000;
constexpr std::size_t deepest = 64;

/// Builds the tree from the parser's events; counts what anchors keep and aliases expand to before it copies them.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const std::string& path, const std::string& source) : path_(path), source_(source) {}

    [[nodiscard]] std::optional<YamlNode> take() { return std::exchange(root_, std::nullopt); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (!root_) return;
        throw ConfigError(place(mark).text(), "a second YAML document", "a sweep is one document", "remove the '---' and what follows it");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add({.kind = YamlNode::Kind::null, .place = place(mark)}, anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            throw ConfigError(place(mark).text(), "an alias inside the node that it names", "it would expand without end",
                              "write the values out");
        }
        count(found->second.size, place(mark));
        attach(found->second);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        check_tag(mark, tag);
        if (tag == "!") check_closing_quote(mark);
        add({.kind = YamlNode::Kind::scalar, .text = value, .place = place(mark)}, anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open({.kind = YamlNode::Kind::sequence, .place = place(mark)}, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open({.kind = YamlNode::Kind::map, .place = place(mark)}, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        YamlNode node;
        YAML::anchor_t anchor = 0;
        std::optional<std::pair<std::string, SourcePlace>> key;
        std::map<std::string, SourcePlace> keys;
    };

    [[nodiscard]] SourcePlace place(const YAML::Mark& mark) const { return {path_, mark.line + 1, mark.column + 1}; }
    [[nodiscard]] bool wants_key() const { return !stack_.empty() && stack_.back().node.kind == YamlNode::Kind::map && !stack_.back().key; }

    void check_tag(const YAML::Mark& mark, const std::string& tag) const {
        if (tag.empty() || tag == "?" || tag == "!") return;
        throw ConfigError(place(mark).text(), fmt::format("a YAML tag ({})", tag), "every key here knows the type of its value itself",
                          "remove the tag");
    }

    /// The parser closes a quote at the end of the file by itself, and the rest of the file would vanish in one value.
    void check_closing_quote(const YAML::Mark& mark) const {
        const auto start = static_cast<std::size_t>(mark.pos);
        if (start >= source_.size() || (source_[start] != '"' && source_[start] != '\'')) return;
        const char quote = source_[start];
        for (std::size_t at = start + 1; at < source_.size(); ++at) {
            const bool escaped = quote == '"' ? source_[at] == '\\' : source_.compare(at, 2, "''") == 0;
            if (escaped) {
                ++at;
            } else if (source_[at] == quote) {
                return;
            }
        }
        throw ConfigError(place(mark).text(), "a quote that is never closed", "the rest of the file would be part of this value",
                          fmt::format("write the closing {}", quote));
    }

    void count(std::size_t nodes, const SourcePlace& where) {
        total_ += nodes;
        if (total_ <= most_nodes) return;
        throw ConfigError(where.text(), fmt::format("the file expands to more than {} nodes", most_nodes),
                          "aliases that multiply each other would fill the memory",
                          "use fewer anchors and aliases, or several sweep files");
    }

    void open(YamlNode node, YAML::anchor_t anchor) {
        count(1, node.place);
        check_depth(stack_.size() + 1, node.place);
        stack_.push_back({.node = std::move(node), .anchor = anchor});
    }

    void close() {
        Open done = std::move(stack_.back());
        stack_.pop_back();
        finish(std::move(done.node), done.anchor);
    }

    void add(YamlNode node, YAML::anchor_t anchor) {
        count(1, node.place);
        finish(std::move(node), anchor);
    }

    void finish(YamlNode node, YAML::anchor_t anchor) {
        if (anchor != 0) {
            count(node.size, node.place);
            anchors_[anchor] = node;
        }
        attach(std::move(node));
    }

    void check_depth(std::size_t depth, const SourcePlace& where) const {
        if (depth <= deepest) return;
        throw ConfigError(where.text(), fmt::format("nested deeper than {} levels", deepest), "no sweep file is", "check the brackets");
    }

    void attach(YamlNode node) {
        check_depth(stack_.size() + node.depth, node.place);
        if (stack_.empty()) {
            root_ = std::move(node);
        } else if (wants_key()) {
            set_key(node);
        } else {
            append(stack_.back(), std::move(node));
        }
    }

    void set_key(const YamlNode& node) {
        if (node.kind == YamlNode::Kind::null)
            throw ConfigError(node.place.text(), "a key that is empty or null", "keys are text", "put the key between double quotes");
        if (node.kind != YamlNode::Kind::scalar) {
            throw ConfigError(node.place.text(), "a list or map used as a key", "keys are text", "write a plain key");
        }
        Open& map = stack_.back();
        const auto [first, fresh] = map.keys.emplace(node.text, node.place);
        if (!fresh) {
            throw ConfigError(node.place.text(), fmt::format("the key '{}' stands here twice", node.text),
                              fmt::format("it would not be clear which counts; the first is in line {}", first->second.line),
                              "remove or rename one of them");
        }
        map.key.emplace(node.text, node.place);
    }

    static void append(Open& parent, YamlNode node) {
        parent.node.size += node.size;
        parent.node.depth = std::max(parent.node.depth, node.depth + 1);
        if (parent.node.kind == YamlNode::Kind::sequence) {
            parent.node.items.push_back(std::move(node));
            return;
        }
        // The parser's mark of an absent value is that of whatever comes next.
        if (node.kind == YamlNode::Kind::null) node.place = parent.key->second;
        parent.node.entries.push_back({std::move(parent.key->first), parent.key->second, std::move(node)});
        parent.key.reset();
    }

    std::string path_;
    const std::string& source_;
    std::vector<Open> stack_;
    std::map<YAML::anchor_t, YamlNode> anchors_;
    std::optional<YamlNode> root_;
    std::size_t total_ = 0;
};

ConfigError syntax_error(const std::string& path, const YAML::Exception& error) {
    const SourcePlace place{path, error.mark.is_null() ? 0 : error.mark.line + 1, error.mark.column + 1};
    return {place.text(), fmt::format("this is no valid YAML: {}", error.msg), "the file cannot be read beyond this place",
            "check indentation, brackets, quotes and the colons around this line"};
}

}  // namespace

YamlNode parse_yaml(const std::string& path, const std::string& text) {
    TreeBuilder builder(path, text);
    try {
        std::istringstream in(text);
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::DeepRecursion& error) {
        throw ConfigError(SourcePlace{path, error.mark.line + 1, error.mark.column + 1}.text(), "nested too deep", "no sweep file is",
                          "check the brackets");
    } catch (const YAML::Exception& error) {
        throw syntax_error(path, error);
    }
    auto root = builder.take();
    if (!root || root->kind == YamlNode::Kind::null) {
        throw ConfigError(path, "the sweep file is empty", "a sweep needs at least a name, models, datasets and a grid",
                          "start from one of the files in configs/");
    }
    return std::move(*root);
}

}  // namespace layersweep
