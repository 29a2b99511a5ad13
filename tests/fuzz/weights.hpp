#pragma once

#include <algorithm>
#include <vector>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

namespace layersweep::test {

/// Reads every tensor that a weight file lists, up to a few megabytes in all: tensors may share their bytes.
inline void read_tensors(const WeightFile& file, std::size_t file_bytes) {
    std::size_t left = std::size_t{8} << 20;
    for (const StoredTensor& tensor : file.listing().tensors) {
        LAYERSWEEP_CHECK(tensor.bytes() <= file_bytes, tensor.name + " is larger than its file");
        if (tensor.bytes() > left) return;
        left -= tensor.bytes();
        std::vector<std::byte> bytes(tensor.bytes());
        file.read(tensor, bytes);
    }
}

}  // namespace layersweep::test
