#include "worker/model/parameters.hpp"

#include <ATen/ATen.h>

#include "protocol/errors.hpp"
#include "protocol/hash.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/tensor_bytes.hpp"

namespace layersweep {

Parameters::Parameters(const std::vector<ParameterSource>& sources, std::int64_t extra, at::ScalarType dtype, at::Device device,
                       Products products)
    : sources_(sources) {
    std::int64_t count = 0;
    for (const auto& source : sources_) count += elements_of(source.shape);
    const auto options = at::TensorOptions().dtype(dtype).device(device);
    values_ = at::zeros({count}, options);
    gradients_ = at::zeros({count + extra}, options);
    if (products == Products::in_bfloat16) rounded_ = at::zeros({count}, options.dtype(at::kBFloat16));
    std::int64_t offset = 0;
    for (const auto& source : sources_) {
        const auto size = elements_of(source.shape);
        const auto view = [&](const at::Tensor& all) { return all.narrow(0, offset, size).view(source.shape); };
        tensors_.emplace(source.name, Trained{view(values_), view(gradients_), rounded_.defined() ? view(rounded_) : at::Tensor()});
        if (source.name.starts_with(std::to_string(block_begins_.size()) + ".")) block_begins_.push_back(offset);
        offset += size;
    }
}

void Parameters::round() const {
    if (rounded_.defined()) rounded_.copy_(values_);
}

const Trained& Parameters::trained(const std::string& name) const {
    const auto found = tensors_.find(name);
    LAYERSWEEP_CHECK(found != tensors_.end(), "no parameter is named " + name);
    return found->second;
}

Trained Parameters::trained_or_none(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? Trained{} : found->second;
}

at::Tensor Parameters::gradients() const {
    return gradients_.narrow(0, 0, count());
}

at::Tensor Parameters::extra() const {
    return gradients_.narrow(0, count(), gradients_.numel() - count());
}

std::string Parameters::hash() const {
    StreamHash hash;
    bytes_to_write(values_).hand_out([&](std::span<const std::byte> piece) { hash.update(piece); });
    return hash.hex();
}

}  // namespace layersweep
