#include "orchestrator/ledger/ledger_format.hpp"

#include <charconv>

#include <fmt/format.h>

#include "protocol/hash.hpp"

namespace layersweep {
namespace {

using nlohmann::json;
constexpr std::size_t checksum_digits = 16;
constexpr std::string_view extension = ".jsonl";

std::optional<std::uint32_t> number_of(std::string_view digits) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string ledger_line(const json& json) {
    const std::string text = json.dump(-1, ' ', false, json::error_handler_t::replace);
    return hash64(text) + ' ' + text + '\n';
}

std::optional<json> parse_ledger_line(std::string_view line) {
    if (line.size() <= checksum_digits || line[checksum_digits] != ' ') return std::nullopt;
    const std::string_view text = line.substr(checksum_digits + 1);
    if (line.substr(0, checksum_digits) != hash64(text)) return std::nullopt;
    json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_object()) return std::nullopt;
    return parsed;
}

std::string SegmentName::text() const {
    return fmt::format("{}-{:06}{}", shard, life, extension);
}

std::optional<SegmentName> SegmentName::parse(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos || !text.ends_with(extension)) return std::nullopt;
    const auto shard = number_of(text.substr(0, dash));
    const auto life = number_of(text.substr(dash + 1, text.size() - dash - 1 - extension.size()));
    if (!shard || !life) return std::nullopt;
    const SegmentName name{*shard, *life};
    if (name.text() != text) return std::nullopt;
    return name;
}

json json_of(const SegmentHeader& header) {
    json written = {{"format", SegmentHeader::format},
                    {"sweep", header.sweep},
                    {"shard", header.name.shard},
                    {"life", header.name.life},
                    {"grid_hash", header.grid_hash},
                    {"code_version", header.code_version},
                    {"previous", nullptr},
                    {"previous_bytes", 0}};
    if (header.previous) {
        written["previous"] = header.previous->name.text();
        written["previous_bytes"] = header.previous->bytes;
    }
    return written;
}

std::optional<SegmentHeader> header_of(const json& json) {
    if (json.value("format", "") != SegmentHeader::format) return std::nullopt;
    try {
        SegmentHeader header{.sweep = json.at("sweep").get<std::string>(),
                             .name = {json.at("shard").get<std::uint32_t>(), json.at("life").get<std::uint32_t>()},
                             .grid_hash = json.at("grid_hash").get<std::string>(),
                             .code_version = json.at("code_version").get<std::string>()};
        if (json.at("previous").is_null()) return header;
        const auto name = SegmentName::parse(json.at("previous").get<std::string>());
        if (!name) return std::nullopt;
        header.previous = PreviousSegment{*name, json.at("previous_bytes").get<std::uint64_t>()};
        return header;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

}  // namespace layersweep
