#include "orchestrator/config/source_text.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "orchestrator/config/sweep_config.hpp"
#include "protocol/errors.hpp"
#include "protocol/utf8.hpp"

namespace layersweep {
namespace {

constexpr std::uintmax_t largest_file_bytes = 4u << 20;

void check_file(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
        throw ConfigError(path, "no such sweep file", "nothing can be planned without one", "check the path; configs/ holds examples");
    }
    if (status.type() == std::filesystem::file_type::directory) {
        throw ConfigError(path, "this is a folder, not a sweep file", "a sweep is one YAML file", "name the YAML file itself");
    }
    if (status.type() != std::filesystem::file_type::regular) {
        throw ConfigError(path, "this is no regular file", "a sweep file is read whole and may be read again", "name a YAML file");
    }
    if (std::filesystem::file_size(path, error) > largest_file_bytes && !error) {
        throw ConfigError(path, "this file is larger than 4 MiB", "no sweep file is; it is probably something else", "name a YAML file");
    }
}

void check_characters(const std::string& path, const std::string& text) {
    SourcePlace place{path, 1, 1};
    bool indentation = true;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = decode_utf8(std::string_view(text).substr(at)).length;
        const unsigned char c = static_cast<unsigned char>(text[at]);
        if (length == 0 || (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) {
            throw ConfigError(place.text(), "a byte that is no UTF-8 text", "a sweep file is YAML text; this looks like a binary file",
                              "name the YAML file, or save it as UTF-8");
        }
        if (c == '\t' && indentation) {
            throw ConfigError(place.text(), "a tab in the indentation", "YAML allows only spaces there and reads tabs in surprising ways",
                              "replace it by spaces (in a text, write \\t between double quotes)");
        }
        indentation = c == '\n' || (indentation && c == ' ');
        place.line += c == '\n' ? 1 : 0;
        place.column = c == '\n' ? 1 : place.column + 1;
        at += length;
    }
}

}  // namespace

std::string read_source_text(const std::string& path) {
    check_file(path);
    std::ifstream in(path, std::ios::binary);
    if (!in) throw ConfigError(path, "the sweep file cannot be opened", "it is not readable for this user", "check its permissions");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (in.bad()) throw ConfigError(path, "the sweep file cannot be read", "reading it failed half way", "check the disk and try again");
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    check_characters(path, text);
    if (text.find_first_not_of(" \r\n") == std::string::npos) {
        throw ConfigError(path, "the sweep file is empty", "a sweep needs at least a name, models, datasets and a grid",
                          "start from one of the files in configs/");
    }
    return text;
}

}  // namespace layersweep
