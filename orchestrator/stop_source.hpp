#pragma once

#include <optional>
#include <string>

namespace layersweep {

/// Whether somebody wants the sweep to stop early. Asked often, so it must be cheap.
class StopSource {
public:
    virtual ~StopSource() = default;
    [[nodiscard]] virtual std::optional<std::string> stop_requested() const = 0;  ///< why, for people: "SIGUSR1"
};

}  // namespace layersweep
