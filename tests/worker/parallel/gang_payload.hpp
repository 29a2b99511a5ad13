#pragma once

#include <ATen/ops/empty.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "protocol/messages.hpp"
#include "tests/support/mpi_main.hpp"

namespace layersweep::test {

/// What a member puts in at place i: magnitudes far apart, so that another order of additions gives other bits.
template <class T>
T value_of(WorkerId member, std::uint32_t epoch, std::int64_t i) {
    auto mixed = static_cast<std::uint64_t>(i + 1) * 0x9E3779B97F4A7C15U ^
                 (static_cast<std::uint64_t>(member.rank) + 1) * 0xBF58476D1CE4E5B9U ^
                 static_cast<std::uint64_t>(epoch) * 0x94D049BB133111EBU;
    mixed = (mixed ^ (mixed >> 31)) * 0xD6E8FEB86659FD93U;
    const auto fraction = static_cast<double>(mixed >> 11) / 0x1p53 + 0.5;
    return static_cast<T>(std::ldexp((mixed & 1) != 0 ? fraction : -fraction, static_cast<int>(mixed % 21) - 10));
}

template <class T>
at::Tensor payload_of(WorkerId member, std::uint32_t epoch, std::int64_t count) {
    at::Tensor flat = at::empty({count}, at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value));
    T* const values = flat.data_ptr<T>();
    for (std::int64_t i = 0; i < count; ++i) values[i] = value_of<T>(member, epoch, i);
    return flat;
}

/// Places where `flat` is not, bit for bit, the sum of all members' payloads taken in this order.
template <class T>
std::int64_t wrong_sums(const at::Tensor& flat, const std::vector<WorkerId>& gang, std::uint32_t epoch) {
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < flat.numel(); ++i) {
        T sum = value_of<T>(gang[0], epoch, i);
        for (std::size_t member = 1; member < gang.size(); ++member) sum += value_of<T>(gang[member], epoch, i);
        wrong += flat.data_ptr<T>()[i] != sum;
    }
    return wrong;
}

inline WorkerId self() {
    return {mpi_session().rank()};
}

inline std::vector<WorkerId> all_ranks() {
    std::vector<WorkerId> gang(static_cast<std::size_t>(mpi_session().size()));
    for (std::size_t rank = 0; rank < gang.size(); ++rank) gang[rank].rank = static_cast<int>(rank);
    return gang;
}

/// The same on every rank, since all run the same tests in the same order.
inline to_worker::Assign assignment(std::vector<WorkerId> gang) {
    static std::uint32_t epoch = 0;
    return {.gang = std::move(gang), .epoch = ++epoch};
}

}  // namespace layersweep::test
