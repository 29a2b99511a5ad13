#include "orchestrator/ledger/ledger_format.hpp"

#include <charconv>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "protocol/hash.hpp"
#include "protocol/json_fields.hpp"

namespace layersweep {
namespace {

using nlohmann::json;
constexpr std::size_t checksum_digits = 16;
constexpr std::string_view extension = ".jsonl";
constexpr std::uint32_t current_version = 2;
static_assert(SegmentHeader::format.ends_with("-2"));

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
    const LifeDescription& life = header.life_of;
    json written = {{"format", SegmentHeader::format},
                    {"sweep", life.sweep},
                    {"shard", header.name.shard},
                    {"life", header.name.life},
                    {"grid_hash", life.grid_hash},
                    {"models", life.models},
                    {"datasets", life.datasets},
                    {"code_version", life.code_version},
                    {"host", life.host},
                    {"host_class", life.host_class},
                    {"time_ms", header.time_ms},
                    {"previous", nullptr},
                    {"previous_bytes", 0}};
    if (header.previous) {
        written["previous"] = header.previous->name.text();
        written["previous_bytes"] = header.previous->bytes;
    }
    if (header.continued) written["continued"] = true;
    for (const LostBytes& lost : header.repaired)
        written["repaired"].push_back({{"segment", lost.segment.text()}, {"begin", lost.begin}, {"end", lost.end}});
    return written;
}

namespace {

SegmentName segment_of(const json& text) {
    const auto name = SegmentName::parse(text.get<std::string>());
    if (!name) throw json::other_error::create(0, "no name of a segment", nullptr);
    return *name;
}

/// What version 1 did not have may be missing.
SegmentHeader read_header(const json& j) {
    SegmentHeader header{.name = {read_integer<std::uint32_t>(j.at("shard")), read_integer<std::uint32_t>(j.at("life"))}};
    header.life_of = {.sweep = j.at("sweep").get<std::string>(),
                      .grid_hash = j.at("grid_hash").get<std::string>(),
                      .code_version = j.at("code_version").get<std::string>(),
                      .host = j.value("host", ""),
                      .host_class = j.value("host_class", ""),
                      .models = j.value("models", std::map<std::string, std::string>{}),
                      .datasets = j.value("datasets", std::map<std::string, std::string>{}),
                      .shard = header.name.shard};
    if (j.contains("time_ms")) header.time_ms = read_integer<std::int64_t>(j["time_ms"]);
    header.continued = j.value("continued", false);
    if (!j.at("previous").is_null())
        header.previous = PreviousSegment{segment_of(j.at("previous")), read_integer<std::uint64_t>(j.at("previous_bytes"))};
    if (const auto repaired = j.find("repaired"); repaired != j.end())
        for (const json& lost : *repaired)
            header.repaired.push_back({segment_of(lost.at("segment")), read_integer<std::uint64_t>(lost.at("begin")),
                                       read_integer<std::uint64_t>(lost.at("end"))});
    return header;
}

}  // namespace

std::optional<SegmentHeader> header_of(const json& json) {
    constexpr std::string_view family = "layersweep-ledger-";
    const auto found = json.find("format");
    if (found == json.end() || !found->is_string()) return std::nullopt;
    const auto& format = found->get_ref<const std::string&>();
    if (!format.starts_with(family)) return std::nullopt;
    const auto version = number_of(std::string_view(format).substr(family.size()));
    if (!version || *version == 0) return std::nullopt;
    if (*version > current_version)
        throw MachineError(
            fmt::format("this ledger is of format {}, a later version's; this program reads up to {}", *version, current_version));
    try {
        return read_header(json);
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    } catch (const MachineError&) {  // a number that is none
        return std::nullopt;
    }
}

}  // namespace layersweep
