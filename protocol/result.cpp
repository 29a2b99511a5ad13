#include "protocol/result.hpp"

#include "protocol/enum_names.hpp"

namespace layersweep {

template <>
struct EnumNames<FailureReason> {
    static constexpr std::array<std::string_view, 7> values{"out-of-memory", "not-a-number",   "bad-data", "worker-lost",
                                                            "stuck",         "infrastructure", "internal"};
};

std::string_view name_of(FailureReason value) {
    return spelling(value);
}

template std::optional<FailureReason> parse<FailureReason>(std::string_view);
template std::vector<std::string_view> names<FailureReason>();

}  // namespace layersweep
