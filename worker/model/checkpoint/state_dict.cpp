#include "worker/model/checkpoint/state_dict.hpp"

#include <optional>
#include <set>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

namespace layersweep {
namespace {

// Names share what describes their tensors, so a small pickle could ask for much more than its own size.
constexpr std::size_t most_dimensions = 64;  // as PyTorch
constexpr std::size_t longest_storage_key = 100;

std::optional<StoredType> readable_type(PickleGlobal storage) {
    switch (storage) {
        case PickleGlobal::storage_f32:
            return StoredType::f32;
        case PickleGlobal::storage_f16:
            return StoredType::f16;
        case PickleGlobal::storage_bf16:
            return StoredType::bf16;
        case PickleGlobal::storage_f64:
            return StoredType::f64;
        default:
            return std::nullopt;
    }
}

/// Reads one tensor, and names it in every refusal.
class TensorReader {
public:
    TensorReader(const std::string& where, const std::string& name) : where_(where), name_(name) {}

    /// Nothing where the type is not a floating one.
    [[nodiscard]] std::optional<StateDictTensor> read(const PickleValue& value) const {
        const auto* tensor = std::get_if<PickleTensor>(&value.data);
        if (tensor == nullptr) refuse("is not a tensor", "a state dict maps names to tensors");
        const auto& arguments = as<PickleTuple>(*tensor->arguments).items;
        const auto& id = as<PickleTuple>(*as<PickleStorage>(*arguments[0]).id).items;
        if (id.size() != 5 || as<std::string>(*id[0]) != "storage") malformed();
        const auto type = readable_type(as<PickleGlobal>(*id[1]));
        if (!type) return std::nullopt;
        StateDictTensor result;
        result.tensor.name = name_;
        result.tensor.type = *type;
        result.tensor.shape = sizes(*arguments[2]);
        result.storage = as<std::string>(*id[2]);
        if (result.storage.size() > longest_storage_key) refuse("lies in a storage of a very long name", "PyTorch numbers them");
        result.storage_elements = as<std::int64_t>(*id[4]);
        check_contiguous(result.tensor.shape, sizes(*arguments[3]));
        result.tensor.location = place(result, as<std::int64_t>(*arguments[1]));
        return result;
    }

private:
    /// The byte where the tensor begins in its storage.
    [[nodiscard]] std::uint64_t place(const StateDictTensor& placed, std::int64_t first) const {
        const std::uint64_t width = bytes_of(placed.tensor.type);
        const auto own = checked_bytes(placed.tensor.shape, width), whole = checked_bytes({placed.storage_elements}, width);
        if (!own || !whole || first < 0 || first > placed.storage_elements || *own > *whole - static_cast<std::uint64_t>(first) * width) {
            refuse("does not fit into its storage", "its shape, offset and storage contradict each other");
        }
        return static_cast<std::uint64_t>(first) * width;
    }

    void check_contiguous(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides) const {
        if (shape.size() != strides.size()) malformed();
        const auto bytes = checked_bytes(shape, 1);
        if (!bytes) refuse("has an impossible shape", "its number of elements cannot be counted");
        if (*bytes == 0) return;
        std::int64_t expected = 1;
        for (std::size_t i = shape.size(); i-- > 0;) {
            if (shape[i] != 1 && strides[i] != expected) refuse("is not contiguous", "only row-major tensors are read");
            expected *= shape[i];
        }
    }

    [[nodiscard]] std::vector<std::int64_t> sizes(const PickleValue& value) const {
        std::vector<std::int64_t> result;
        if (as<PickleTuple>(value).items.size() > most_dimensions) refuse("has more than 64 dimensions", "PyTorch allows no more");
        for (const PickleRef item : as<PickleTuple>(value).items) result.push_back(as<std::int64_t>(*item));
        return result;
    }

    template <typename Data>
    [[nodiscard]] const Data& as(const PickleValue& value) const {
        const auto* data = std::get_if<Data>(&value.data);
        if (data == nullptr) malformed();
        return *data;
    }

    [[noreturn]] void malformed() const { refuse("is described as PyTorch does not", "the pickle is malformed"); }
    [[noreturn]] void refuse(const char* what, const char* why) const {
        throw ConfigError(where_, fmt::format("\"{}\" {}", name_, what), why,
                          "use the model's safetensors, or save it again with save_pretrained");
    }

    const std::string& where_;
    const std::string& name_;
};

}  // namespace

StateDict read_state_dict(const std::string& where, const PickleValue& root) {
    const std::string advice = "save the model again with save_pretrained";
    const auto* dict = std::get_if<PickleDict>(&root.data);
    if (dict == nullptr) throw ConfigError(where, "holds no state dict", "weights are a dictionary from names to tensors", advice);
    StateDict result;
    std::set<std::string> seen;
    for (const auto& [key, value] : dict->items) {
        const auto* name = std::get_if<std::string>(&key->data);
        if (name == nullptr)
            throw ConfigError(where, "has a key that is not text", "weights are a dictionary from names to tensors", advice);
        if (!seen.insert(*name).second) {
            throw ConfigError(where, fmt::format("key \"{}\" appears twice", *name), "which of the two counts is not defined", advice);
        }
        auto tensor = TensorReader(where, *name).read(*value);
        if (tensor) {
            result.tensors.push_back(std::move(*tensor));
        } else {
            result.unreadable.push_back(*name);
        }
    }
    return result;
}

}  // namespace layersweep
