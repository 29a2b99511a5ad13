#include "worker/model/tensor_bytes.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

constexpr std::int64_t piece_bytes = std::int64_t{1} << 24;
/// Of numbers that are converted: they stay in the cache between the two steps.
constexpr std::size_t converted_bytes = std::size_t{1} << 20;

StoredType stored_type(const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kDouble ? StoredType::f64 : StoredType::f32;
}

/// Calls `each` with views of up to so many elements, in order.
template <class Each>
void for_each_piece(const at::Tensor& tensor, Each each) {
    LAYERSWEEP_CHECK(tensor.is_contiguous(), "bytes of a tensor that is not contiguous");
    const auto flat = tensor.detach().view({-1});
    const auto most = piece_bytes / tensor.element_size();
    for (std::int64_t begin = 0; begin < flat.numel(); begin += most) each(flat.narrow(0, begin, std::min(most, flat.numel() - begin)));
}

std::span<std::byte> bytes_in(const at::Tensor& tensor) {
    return {static_cast<std::byte*>(tensor.mutable_data_ptr()), tensor.nbytes()};
}

}  // namespace

at::ScalarType torch_type(StoredType type) {
    switch (type) {
        case StoredType::f32:
            return at::kFloat;
        case StoredType::f16:
            return at::kHalf;
        case StoredType::bf16:
            return at::kBFloat16;
        case StoredType::f64:
            return at::kDouble;
    }
    fail_check("stored type", __FILE__, __LINE__, "a stored type without a LibTorch type");
}

void read_rows(const Checkpoint& checkpoint, const StoredTensor& stored, std::span<const std::int64_t> rows, const at::Tensor& out) {
    LAYERSWEEP_CHECK(out.is_contiguous() && out.size(0) == std::int64_t(rows.size()), stored.name + ": rows of another number");
    const auto type = torch_type(stored.type);
    if (out.is_cpu() && out.scalar_type() == type) return checkpoint.read_rows(stored, rows, bytes_in(out));
    if (rows.empty()) return;
    const auto row_bytes = out.nbytes() / out.element_size() / rows.size() * bytes_of(stored.type);
    const auto at_once = std::min(rows.size(), std::max<std::size_t>(1, converted_bytes / std::max<std::size_t>(1, row_bytes)));
    auto shape = stored.shape;
    shape.front() = std::int64_t(at_once);
    const auto piece = at::empty(shape, type);
    for (std::size_t begin = 0; begin < rows.size(); begin += at_once) {
        const auto count = std::min(at_once, rows.size() - begin);
        const auto numbers = piece.narrow(0, 0, std::int64_t(count));
        checkpoint.read_rows(stored, rows.subspan(begin, count), bytes_in(numbers));
        out.narrow(0, std::int64_t(begin), std::int64_t(count)).copy_(numbers);
    }
}

void read_whole(const Checkpoint& checkpoint, const StoredTensor& stored, const at::Tensor& out) {
    LAYERSWEEP_CHECK(stored.shape == out.sizes().vec(), stored.name + ": of another shape");
    std::vector<std::int64_t> rows(std::size_t(stored.shape.at(0)));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    read_rows(checkpoint, stored, rows, out);
}

BytesToWrite bytes_to_write(const at::Tensor& tensor) {
    return {tensor.nbytes(), [tensor](const BytesToWrite::Take& take) {
                for_each_piece(tensor, [&](const at::Tensor& piece) {
                    const auto host = piece.cpu();
                    take({static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()});
                });
            }};
}

TensorToWrite to_write(std::string name, const at::Tensor& tensor) {
    return {std::move(name), stored_type(tensor), tensor.sizes().vec(), bytes_to_write(tensor)};
}

void read_tensor(const WeightFile& file, const StoredTensor& stored, at::Tensor tensor, const BytesToWrite::Take& seen) {
    LAYERSWEEP_CHECK(stored.type == stored_type(tensor) && stored.shape == tensor.sizes().vec(), stored.name + ": of another kind");
    StoredTensor rest = stored;
    for_each_piece(tensor, [&](at::Tensor piece) {
        const auto host = piece.is_cpu() ? piece : at::empty(piece.sizes(), piece.options().device(at::kCPU));
        const auto bytes = bytes_in(host);
        file.read(rest, bytes);
        seen(bytes);
        if (!piece.is_cpu()) piece.copy_(host);
        rest.location += bytes.size();
    });
}

}  // namespace layersweep
