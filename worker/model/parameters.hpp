#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/model/family/family.hpp"
#include "worker/model/layers.hpp"

namespace layersweep {

/// All trained numbers of one model in one flat buffer, gradients in a second one of the same order, so that the optimizer makes one
/// pass over memory and a gang reduces one buffer. Behind the gradients stand `extra` numbers that travel in the same reduction.
class Parameters {
public:
    enum class Products { in_own_type, in_bfloat16 };

    /// Zero-filled; `sources` in registration order. `dtype`: float32 or float64.
    Parameters(const std::vector<ParameterSource>& sources, std::int64_t extra, at::ScalarType dtype, at::Device device,
               Products products = Products::in_own_type);

    /// Rounds all values anew; to be called when they have changed, before they are used. Nothing where products are in their own type.
    void round() const;

    /// Views of `values()` and `gradients()`. No leaf of autograd's: the layers' backward passes write the gradients.
    [[nodiscard]] const Trained& trained(const std::string& name) const;
    /// Undefined tensors where no parameter has the name.
    [[nodiscard]] Trained trained_or_none(const std::string& name) const;
    [[nodiscard]] bool has(const std::string& name) const { return tensors_.contains(name); }
    [[nodiscard]] const at::Tensor& operator[](const std::string& name) const { return trained(name).value; }
    [[nodiscard]] const at::Tensor& gradient(const std::string& name) const { return trained(name).gradient; }
    [[nodiscard]] const std::vector<ParameterSource>& sources() const { return sources_; }

    [[nodiscard]] at::Tensor values() const { return values_; }             ///< [count]
    [[nodiscard]] at::Tensor gradients() const;                             ///< [count]
    [[nodiscard]] at::Tensor extra() const;                                 ///< [extra], behind the gradients
    [[nodiscard]] at::Tensor& gradients_and_extra() { return gradients_; }  ///< [count + extra]
    /// Where a block's numbers begin; behind them stand those of the later blocks, the final norm, the head and the extra ones.
    [[nodiscard]] std::int64_t begin_of_block(std::int64_t block) const { return block_begins_.at(std::size_t(block)); }
    [[nodiscard]] std::int64_t count() const { return values_.numel(); }
    [[nodiscard]] std::string hash() const;  ///< XXH3-128 of the values' bytes

private:
    std::vector<ParameterSource> sources_;
    at::Tensor values_, gradients_;
    at::Tensor rounded_;  ///< [count], bfloat16; undefined: products are in the values' type
    std::vector<std::int64_t> block_begins_;
    std::unordered_map<std::string, Trained> tensors_;
};

}  // namespace layersweep
