#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace layersweep {

struct PickleValue;
/// Values live in their document; a document may hold cycles, so nothing walks it in depth.
using PickleRef = const PickleValue*;

struct PickleNone {};
enum class PickleGlobal {
    ordered_dict,
    rebuild_tensor,
    rebuild_parameter,
    storage_f32,
    storage_f16,
    storage_bf16,
    storage_f64,
    storage_other
};
struct PickleTuple {
    std::vector<PickleRef> items;
};
struct PickleList {
    std::vector<PickleRef> items;
};
struct PickleDict {
    std::vector<std::pair<PickleRef, PickleRef>> items;  ///< as written, repeated keys included
};
/// What BINPERSID leaves: the tuple that names a storage.
struct PickleStorage {
    PickleRef id = nullptr;
};
/// An uncalled torch._utils._rebuild_tensor_v2.
struct PickleTensor {
    PickleRef arguments = nullptr;
};

/// One object of a pickle.
struct PickleValue {
    std::variant<PickleNone, bool, std::int64_t, std::string, PickleGlobal, PickleTuple, PickleList, PickleDict, PickleStorage,
                 PickleTensor>
        data;
};

/// A pickle read as data: `root` is what the pickle describes, never run.
class PickleDocument {
public:
    /// Knows the opcodes and names that PyTorch state dicts use. All else, and any size beyond its limits, is a ConfigError that names it.
    /// `where` names the file in errors.
    PickleDocument(const std::string& where, std::span<const std::byte> bytes);
    [[nodiscard]] const PickleValue& root() const { return *root_; }

    static constexpr std::size_t most_bytes = 64 << 20;

private:
    std::deque<PickleValue> values_;
    PickleRef root_ = nullptr;
};

}  // namespace layersweep
