#include "worker/model/checkpoint/checkpoint.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/checkpoint_layout.hpp"
#include "worker/model/checkpoint/safetensors_file.hpp"
#include "worker/model/checkpoint/torch_file.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

namespace layersweep {
namespace {

std::vector<std::string> all_files(const CheckpointLayout& layout) {
    std::vector<std::string> files;
    if (!layout.index.empty()) files.push_back(layout.index);
    files.insert(files.end(), layout.weights.begin(), layout.weights.end());
    return files;
}

std::unique_ptr<WeightFile> open_weights(const CheckpointLayout& layout, std::size_t number) {
    if (layout.format == WeightFormat::safetensors) return std::make_unique<SafetensorsFile>(layout.weights[number], number);
    return std::make_unique<TorchFile>(layout.weights[number], number);
}

}  // namespace

std::size_t bytes_of(StoredType type) {
    switch (type) {
        case StoredType::f32:
            return 4;
        case StoredType::f16:
        case StoredType::bf16:
            return 2;
        case StoredType::f64:
            return 8;
    }
    throw InvariantError("a stored type without a size");
}

std::int64_t elements_of(const std::vector<std::int64_t>& shape) {
    std::int64_t total = 1;
    for (const std::int64_t size : shape) total *= size;
    return total;
}

std::size_t StoredTensor::bytes() const {
    return static_cast<std::size_t>(elements_of(shape)) * bytes_of(type);
}

struct Checkpoint::Impl {
    explicit Impl(const std::string& folder) : layout(find_layout(folder)) {
        for (std::size_t number = 0; number < layout.weights.size(); ++number) {
            weights.push_back(open_weights(layout, number));
            list(number);
        }
        check_weight_map();
    }

    void list(std::size_t number) {
        const WeightListing& listing = weights[number]->listing();
        for (const StoredTensor& tensor : listing.tensors) {
            hold(tensor.name, number);
            tensors.emplace(tensor.name, tensor);
        }
        for (const std::string& name : listing.unreadable) hold(name, number);
    }

    void hold(const std::string& name, std::size_t number) {
        if (holders.emplace(name, number).second) return;
        throw ConfigError(layout.weights[number], fmt::format("holds tensor \"{}\", which another shard holds too", name),
                          "which of the two counts is not defined", "download the model again");
    }

    void check_weight_map() const {
        for (const auto& [name, number] : layout.weight_map) {
            const auto holder = holders.find(name);
            if (holder != holders.end() && holder->second == number) continue;
            throw ConfigError(layout.weights[number], fmt::format("does not hold tensor \"{}\"", name),
                              fmt::format("{} says it does", layout.index), "download the model again");
        }
    }

    CheckpointLayout layout;
    std::vector<std::unique_ptr<WeightFile>> weights;
    std::map<std::string, StoredTensor> tensors;
    std::map<std::string, std::size_t> holders;  ///< which file holds a tensor, unreadable ones too
};

Checkpoint::Checkpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;

Checkpoint Checkpoint::open(const std::string& folder) {
    return Checkpoint(std::make_unique<Impl>(folder));
}

const StoredTensor* Checkpoint::find(const std::string& name) const {
    const auto found = impl_->tensors.find(name);
    return found == impl_->tensors.end() ? nullptr : &found->second;
}

std::vector<std::string> Checkpoint::names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : impl_->tensors) names.push_back(name);
    return names;
}

void Checkpoint::read(const StoredTensor& tensor, std::span<std::byte> out) const {
    LAYERSWEEP_CHECK(tensor.file < impl_->weights.size(), tensor.name + ": of another checkpoint");
    LAYERSWEEP_CHECK(out.size() == tensor.bytes(), tensor.name + ": the buffer has another size");
    impl_->weights[tensor.file]->read(tensor, out);
}

void Checkpoint::read_rows(const StoredTensor& tensor, std::span<const std::int64_t> rows, std::span<std::byte> out) const {
    LAYERSWEEP_CHECK(tensor.file < impl_->weights.size(), tensor.name + ": of another checkpoint");
    LAYERSWEEP_CHECK(!tensor.shape.empty() && tensor.shape.front() > 0, tensor.name + ": has no rows");
    const auto row_bytes = tensor.bytes() / static_cast<std::size_t>(tensor.shape.front());
    LAYERSWEEP_CHECK(out.size() == rows.size() * row_bytes, tensor.name + ": the buffer has another size");
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
        LAYERSWEEP_CHECK(rows[begin] >= 0 && rows[begin] < tensor.shape.front(), tensor.name + ": a row that is not there");
        for (end = begin + 1; end < rows.size() && rows[end] == rows[end - 1] + 1;) ++end;
        StoredTensor run = tensor;
        run.location += static_cast<std::uint64_t>(rows[begin]) * row_bytes;
        run.shape.front() = static_cast<std::int64_t>(end - begin);
        LAYERSWEEP_CHECK(rows[end - 1] < tensor.shape.front(), tensor.name + ": a row that is not there");
        impl_->weights[tensor.file]->read(run, out.subspan(begin * row_bytes, (end - begin) * row_bytes));
    }
}

std::uint64_t Checkpoint::bytes_read() const {
    std::uint64_t total = impl_->layout.index_bytes;
    for (const auto& file : impl_->weights) total += file->bytes_read();
    return total;
}

std::vector<std::string> Checkpoint::files() const {
    return all_files(impl_->layout);
}

std::vector<std::string> checkpoint_files(const std::string& folder) {
    return all_files(find_layout(folder));
}

}  // namespace layersweep
