#include "protocol/machine_rates.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "protocol/errors.hpp"

namespace layersweep {

double MachineRates::flops_per_s(Precision precision) const {
    switch (precision) {
        case Precision::fp32:
            return fp32;
        case Precision::tf32:
            return tf32;
        case Precision::bf16:
            return bf16;
        case Precision::fp64:
            return fp64;
    }
    fail_check("precision", __FILE__, __LINE__, "a precision without a rate");
}

bool MachineRates::known() const {
    const std::array all{fp32, tf32, bf16, fp64, bandwidth, operator_s};
    const bool possible = std::ranges::all_of(all, [](double rate) { return std::isfinite(rate) && rate >= 0; });
    return possible && fp32 > 0 && bandwidth > 0 && operator_s > 0;
}

}  // namespace layersweep
