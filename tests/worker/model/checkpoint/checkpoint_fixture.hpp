#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "protocol/errors.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/temporary_directory.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"

namespace layersweep::test {

inline std::string fixture(const std::string& name) {
    return (std::filesystem::path(LAYERSWEEP_SOURCE_DIR) / "tests/worker/model/checkpoint/fixtures" / name).string();
}

inline std::string refusal_of(const std::string& folder) {
    return refusal([&] { (void)Checkpoint::open(folder); });
}

/// A safetensors file from its header and its data, right or wrong.
inline std::string safetensors(const std::string& header, const std::string& data) {
    std::string length;
    for (int i = 0; i < 8; ++i) length.push_back(static_cast<char>(header.size() >> (8 * i)));
    return length + header + data;
}

template <typename Value>
std::span<const std::byte> bytes_of_values(const std::vector<Value>& values) {
    return std::as_bytes(std::span(values));
}

/// The values of a tensor; `Value` has its width.
template <typename Value>
std::vector<Value> values_of(const Checkpoint& checkpoint, const std::string& name) {
    const StoredTensor* tensor = checkpoint.find(name);
    if (tensor == nullptr) {
        ADD_FAILURE() << "there is no " << name;
        return {};
    }
    std::vector<Value> values(tensor->bytes() / sizeof(Value));
    checkpoint.read(*tensor, std::as_writable_bytes(std::span(values)));
    return values;
}

}  // namespace layersweep::test
