#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>

#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

namespace layersweep {

/// The bytes of a contiguous tensor in pieces of some MB, which are copies only where the tensor is not in the CPU's memory. Shares the
/// tensor's memory: what is handed out is what stands there then.
[[nodiscard]] BytesToWrite bytes_to_write(const at::Tensor& tensor);

/// The tensor with its own type and shape; float32 or float64.
[[nodiscard]] TensorToWrite to_write(std::string name, const at::Tensor& tensor);

/// LibTorch's type of stored numbers.
[[nodiscard]] at::ScalarType torch_type(StoredType type);

/// Fills the contiguous `out`, of any type and on any device, with these rows of a checkpoint's tensor, ascending, or with all of it. Only
/// where type or memory is another are the numbers copied on their way, piece by piece. Throws as the checkpoint does.
void read_rows(const Checkpoint& checkpoint, const StoredTensor& stored, std::span<const std::int64_t> rows, const at::Tensor& out);
void read_whole(const Checkpoint& checkpoint, const StoredTensor& stored, const at::Tensor& out);

/// Fills the contiguous `tensor`, which has the stored one's type and shape, from the file; `seen` gets every piece on its way. Throws as
/// the file does.
void read_tensor(const WeightFile& file, const StoredTensor& stored, at::Tensor tensor, const BytesToWrite::Take& seen);

}  // namespace layersweep
