#pragma once

#include <cstdint>
#include <string>

namespace layersweep {

/// "GenuineIntel amx avx512_bf16 avx512 avx2", from the text of /proc/cpuinfo: what decides which kernels LibTorch and MKL choose.
[[nodiscard]] std::string cpu_machine_class(const std::string& cpuinfo);

/// The same of a worker with so many threads: "GenuineIntel amx avx512_bf16 avx512 avx2, threads 1".
[[nodiscard]] std::string cpu_worker_class(const std::string& host_class, std::int64_t threads);

/// What decides how fast such a worker is: "AMD EPYC 9554, AuthenticAMD avx512 avx2, threads 1".
[[nodiscard]] std::string cpu_speed_class(const std::string& cpuinfo, std::int64_t threads);

/// "580.65.06", from the text of /proc/driver/nvidia/version; "unknown" where it holds no version.
[[nodiscard]] std::string nvidia_driver_version(const std::string& text);

/// The high-water mark (VmHWM) in the text of /proc/self/status; 0 where there is none.
[[nodiscard]] std::int64_t peak_resident_bytes(const std::string& status);

}  // namespace layersweep
