#include "worker/model/tensor_bytes.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

constexpr std::int64_t piece_bytes = std::int64_t{1} << 24;

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

}  // namespace

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
        const std::span bytes(static_cast<std::byte*>(host.mutable_data_ptr()), host.nbytes());
        file.read(rest, bytes);
        seen(bytes);
        if (!piece.is_cpu()) piece.copy_(host);
        rest.location += bytes.size();
    });
}

}  // namespace layersweep
