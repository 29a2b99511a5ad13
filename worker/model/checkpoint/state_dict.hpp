#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/checkpoint/pickle_reader.hpp"

namespace layersweep {

/// A tensor of a state dict: where it begins in which storage. Several may share a storage (tied weights).
struct StateDictTensor {
    StoredTensor tensor;  ///< `location`: byte offset in the storage; `file` and `entry` are not set
    std::string storage;  ///< the storage's key
    std::int64_t storage_elements = 0;
};

/// What a pickled state dict describes; tensors of other than floating types by name only.
struct StateDict {
    std::vector<StateDictTensor> tensors;
    std::vector<std::string> unreadable;
};

/// Throws ConfigError for anything but a flat dictionary from names to contiguous tensors that lie within their storage.
[[nodiscard]] StateDict read_state_dict(const std::string& where, const PickleValue& root);

}  // namespace layersweep
