#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace layersweep {

/// A trained tensor (or some columns of it) and where its gradient goes: no leaf of autograd's, so that the backward pass of a layer
/// writes the gradient once, to its place in the flat buffer, instead of adding a copy to a buffer of zeros.
struct Trained {
    at::Tensor value, gradient;
    at::Tensor rounded;  ///< the value in bfloat16, for products of matrices; undefined where these are computed in the value's own type
};

/// y = x·W + b for x [n, in]; W is [in, out] where `in_out`, else [out, in]; b may be undefined. The backward pass overwrites the
/// gradients of W and b. Where W is rounded, so are x and the gradient that comes in, and each of the three products; sums, b and what
/// goes out keep x's type.
[[nodiscard]] at::Tensor linear(const at::Tensor& x, const Trained& weight, const Trained& bias, bool in_out);

/// Layer norm over the last dimension of x [n, d]. The backward pass overwrites the gradients.
[[nodiscard]] at::Tensor layer_norm(const at::Tensor& x, const Trained& weight, const Trained& bias, double epsilon);

/// RMS norm over the last dimension of x [n, d] (Zhang and Sennrich 2019), normalised in float32 whatever x is, as transformers' Llama
/// does. The backward pass overwrites the gradient.
[[nodiscard]] at::Tensor rms_norm(const at::Tensor& x, const Trained& weight, double epsilon);

/// Rows `index` of x [n, …] with places in [0, n). `back`: for each row of x its place in `index`; every row has one. The backward pass
/// takes just those places' gradients: what else `index` names is padding, which nothing reads.
[[nodiscard]] at::Tensor pad(const at::Tensor& x, const at::Tensor& index, const at::Tensor& back);
/// The inverse: rows `index` of x; the backward pass leaves zeros in the padding.
[[nodiscard]] at::Tensor unpad(const at::Tensor& x, const at::Tensor& index);

/// x itself. The backward pass calls `reached` when the whole gradient of x is there: all layers that depend on x have written theirs. On a
/// GPU it does so in a thread of autograd's, with the forward pass's stream as the current one; what it throws leaves the backward pass.
[[nodiscard]] at::Tensor announced(const at::Tensor& x, std::function<void()> reached);

}  // namespace layersweep
