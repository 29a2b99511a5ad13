#include "protocol/codec.hpp"

#include <string_view>

#include "protocol/schemas.hpp"

namespace layersweep {
namespace {

constexpr int protocol_version = 2;
// Our deepest value, an assignment's lists, is 6 deep; the parser recurses, so a hostile depth would end the stack.
constexpr int max_depth = 16;

/// What names a message on the wire.
template <class Message>
constexpr std::string_view tag_of = "";
template <>
constexpr std::string_view tag_of<to_worker::Assign> = "assign";
template <>
constexpr std::string_view tag_of<to_worker::Abandon> = "abandon";
template <>
constexpr std::string_view tag_of<to_worker::Alive> = "alive";
template <>
constexpr std::string_view tag_of<to_worker::Stop> = "stop";
template <>
constexpr std::string_view tag_of<to_coordinator::Hello> = "hello";
template <>
constexpr std::string_view tag_of<to_coordinator::Alive> = "alive";
template <>
constexpr std::string_view tag_of<to_coordinator::Notice> = "notice";
template <>
constexpr std::string_view tag_of<to_coordinator::Finished> = "finished";
template <>
constexpr std::string_view tag_of<to_coordinator::MemberDone> = "member-done";
template <>
constexpr std::string_view tag_of<to_coordinator::Failed> = "failed";
template <>
constexpr std::string_view tag_of<to_coordinator::Abandoned> = "abandoned";

/// A parse that only watches the depth and stops where it is too large.
class DepthWatch : public nlohmann::json_sax<nlohmann::json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool key(string_t&) override { return true; }
    bool start_object(std::size_t) override { return ++depth_ <= max_depth; }
    bool start_array(std::size_t) override { return ++depth_ <= max_depth; }
    bool end_object() override { return --depth_ >= 0; }
    bool end_array() override { return --depth_ >= 0; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

private:
    int depth_ = 0;
};

nlohmann::json parse_cbor(std::span<const std::uint8_t> bytes) {
    using nlohmann::json;
    DepthWatch watch;
    if (!json::sax_parse(bytes.begin(), bytes.end(), &watch, json::input_format_t::cbor)) malformed("no complete CBOR value");
    json value = json::from_cbor(bytes.begin(), bytes.end(), /*strict=*/true, /*allow_exceptions=*/false);
    if (value.is_discarded()) malformed("no CBOR value");
    return value;
}

template <class Message>
void write_extra(nlohmann::json& json, const Message& message) {
    if constexpr (std::same_as<Message, to_coordinator::Finished>) json["predictions"] = write_json(message.result.predictions);
}

template <class Message>
void read_extra(const nlohmann::json& json, Message& message) {
    if constexpr (std::same_as<Message, to_coordinator::Finished>) read_member(json, "predictions", message.result.predictions);
}

template <class Variant>
std::vector<std::uint8_t> encode_any(const Variant& any) {
    return std::visit(
        [](const auto& message) {
            nlohmann::json json = write_json(message);
            json["version"] = protocol_version;
            json["message"] = std::string(tag_of<std::decay_t<decltype(message)>>);
            write_extra(json, message);
            return nlohmann::json::to_cbor(json);
        },
        any);
}

template <class Variant, class Message>
bool decode_as(const nlohmann::json& json, std::string_view tag, Variant& any) {
    if (tag != tag_of<Message>) return false;
    Message message;
    read_json(json, message);
    read_extra(json, message);
    any = std::move(message);
    return true;
}

template <class... Messages>
void decode_one_of(const nlohmann::json& json, const std::string& tag, std::variant<Messages...>& any) {
    const bool known = (decode_as<std::variant<Messages...>, Messages>(json, tag, any) || ...);
    if (!known) malformed("a message of the unknown kind '" + tag + "'");
}

template <class Variant>
Variant decode_any(std::span<const std::uint8_t> bytes) {
    const nlohmann::json json = parse_cbor(bytes);
    int version = 0;
    read_member(json, "version", version);
    if (version != protocol_version) {
        malformed("the other side speaks protocol version " + std::to_string(version) + ", this one " + std::to_string(protocol_version) +
                  "; all ranks must run the same build");
    }
    std::string tag;
    read_member(json, "message", tag);
    Variant any;
    decode_one_of(json, tag, any);
    return any;
}

}  // namespace

std::vector<std::uint8_t> encode(const ToWorker& message) {
    return encode_any(message);
}
std::vector<std::uint8_t> encode(const ToCoordinator& message) {
    return encode_any(message);
}
ToWorker decode_to_worker(std::span<const std::uint8_t> bytes) {
    return decode_any<ToWorker>(bytes);
}
ToCoordinator decode_to_coordinator(std::span<const std::uint8_t> bytes) {
    return decode_any<ToCoordinator>(bytes);
}

}  // namespace layersweep
