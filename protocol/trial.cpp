#include "protocol/trial.hpp"

#include "protocol/enum_names.hpp"

namespace layersweep {

using Spellings3 = std::array<std::string_view, 3>;

template <>
struct EnumNames<Mode> {
    static constexpr Spellings3 values{"lm", "p-cls", "cls"};
};
template <>
struct EnumNames<Precision> {
    static constexpr std::array<std::string_view, 4> values{"fp32", "tf32", "bf16", "fp64"};
};
template <>
struct EnumNames<Loss> {
    static constexpr Spellings3 values{"label-words", "vocabulary", "prompt"};
};
template <>
struct EnumNames<Init> {
    static constexpr std::array<std::string_view, 2> values{"pretrained", "random"};
};
template <>
struct EnumNames<Prune> {
    static constexpr std::array<std::string_view, 5> values{"first", "last", "alternate", "ends", "random"};
};
template <>
struct EnumNames<Device> {
    static constexpr Spellings3 values{"auto", "cpu", "cuda"};
};

std::string_view name_of(Mode value) {
    return spelling(value);
}
std::string_view name_of(Precision value) {
    return spelling(value);
}
std::string_view name_of(Loss value) {
    return spelling(value);
}
std::string_view name_of(Init value) {
    return spelling(value);
}
std::string_view name_of(Prune value) {
    return spelling(value);
}
std::string_view name_of(Device value) {
    return spelling(value);
}

template std::optional<Mode> parse<Mode>(std::string_view);
template std::optional<Precision> parse<Precision>(std::string_view);
template std::optional<Loss> parse<Loss>(std::string_view);
template std::optional<Init> parse<Init>(std::string_view);
template std::optional<Prune> parse<Prune>(std::string_view);
template std::optional<Device> parse<Device>(std::string_view);

template std::vector<std::string_view> names<Mode>();
template std::vector<std::string_view> names<Precision>();
template std::vector<std::string_view> names<Loss>();
template std::vector<std::string_view> names<Init>();
template std::vector<std::string_view> names<Prune>();
template std::vector<std::string_view> names<Device>();

std::string text_of(const Shortcuts& shortcuts) {
    std::string text;
    const auto add = [&text](bool used, const char* name) {
        if (used) text += (text.empty() ? "" : " ") + std::string(name);
    };
    add(shortcuts.vocabulary, "vocabulary");
    add(shortcuts.label_position, "label_position");
    add(shortcuts.shared_prefix, "shared_prefix");
    add(shortcuts.shared_prefix_in_training, "shared_prefix_in_training");
    return text.empty() ? "none" : text;
}

}  // namespace layersweep
