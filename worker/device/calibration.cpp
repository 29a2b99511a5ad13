#include "worker/device/calibration.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "worker/device/rates_file.hpp"
#include "worker/device/synchronize.hpp"

namespace layersweep {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double seconds_of(c10::Device device, const std::function<void()>& run) {
    const auto start = Clock::now();
    run();
    synchronize(device);
    return seconds_since(start);
}

/// The shortest of the runs that fit into `budget` seconds: what disturbs only makes them longer. The first one warms up, and is all where
/// it takes that long already.
double shortest_s(c10::Device device, double budget, const std::function<void()>& run) {
    const auto begin = Clock::now();
    const auto first = seconds_of(device, run);
    if (first > budget) return first;
    double shortest = seconds_of(device, run);
    while (seconds_since(begin) < budget) shortest = std::min(shortest, seconds_of(device, run));
    return shortest;
}

double product_rate(c10::Device device, at::ScalarType type) {
    const std::int64_t n = device.is_cpu() ? 768 : 8192;
    const auto options = at::TensorOptions(type).device(device);
    // Random numbers: a GPU computes faster with all alike.
    const auto a = at::randn({n, n}, options), b = at::randn({n, n}, options);
    auto c = at::empty({n, n}, options);
    return 2.0 * double(n) * double(n) * double(n) / shortest_s(device, 0.3, [&] { at::mm_out(c, a, b); });
}

double bandwidth(c10::Device device) {
    constexpr std::int64_t numbers = 32 << 20;  // 128 MiB, several times any cache
    auto x = at::zeros({numbers}, at::TensorOptions(at::kFloat).device(device));
    return 2.0 * 4.0 * double(numbers) / shortest_s(device, 0.4, [&] { x.add_(1); });
}

double operator_seconds(c10::Device device) {
    constexpr int operators = 200;
    auto x = at::zeros({16}, at::TensorOptions(at::kFloat).device(device));
    return shortest_s(device, 0.1,
                      [&] {
                          for (int i = 0; i < operators; ++i) x.add_(1);
                      }) /
           operators;
}

/// Nothing where the device has no room for it: trials may have.
MachineRates measured(const WorkerDevice& device) {
    try {
        return measure_rates(device);
    } catch (const c10::Error&) {
        return {};
    }
}

}  // namespace

MachineRates measure_rates(const WorkerDevice& device) {
    at::NoGradGuard no_grad;
    const auto where = device.torch_device();
    MachineRates rates;
    rates.fp32 = product_rate(where, at::kFloat);
    rates.bf16 = product_rate(where, at::kBFloat16);
    if (where.is_cpu()) {
        rates.fp64 = product_rate(where, at::kDouble);  // which no trial on a GPU has
    } else if (device.has_tf32()) {
        device.use_tf32(true);
        rates.tf32 = product_rate(where, at::kFloat);
        device.use_tf32(false);
    }
    rates.bandwidth = bandwidth(where);
    rates.operator_s = operator_seconds(where);
    return rates;
}

MachineRates rates_of(const WorkerDevice& device) {
    const auto machine = device.speed_class();
    if (const auto known = read_rates(machine)) return *known;
    const auto rates = measured(device);
    device.release_memory();
    if (rates.known()) keep_rates(machine, rates);
    return rates;
}

}  // namespace layersweep
