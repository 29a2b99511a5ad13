#include "worker/model/pristine_tensors.hpp"

#include <ATen/ATen.h>

#include "worker/model/tensor_bytes.hpp"

namespace layersweep {

void PristineTensors::copy_to(const at::Tensor& out, const ModelRef& model, const Checkpoint& checkpoint, const StoredTensor& tensor) {
    auto key = model.fingerprint + ' ' + tensor.name;
    if (const auto* kept = find(key))
        out.copy_(*kept);
    else if (tensor.bytes() <= budget_)
        out.copy_(keep(std::move(key), checkpoint, tensor));
    else
        read_whole(checkpoint, tensor, out);
}

void PristineTensors::limit_to(std::size_t budget) {
    if (budget < budget_) make_room(budget_ - budget);
    budget_ = budget;
}

const at::Tensor* PristineTensors::find(const std::string& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, place->second);
    return &place->second->tensor;
}

const at::Tensor& PristineTensors::keep(std::string key, const Checkpoint& checkpoint, const StoredTensor& tensor) {
    make_room(tensor.bytes());
    auto copy = at::empty(tensor.shape, at::TensorOptions(torch_type(tensor.type)).device(device_));
    read_whole(checkpoint, tensor, copy);
    kept_.push_front({key, std::move(copy)});
    places_.emplace(std::move(key), kept_.begin());
    bytes_ += tensor.bytes();
    return kept_.front().tensor;
}

/// So many bytes, within the budget, that it holds with what is kept.
void PristineTensors::make_room(std::size_t bytes) {
    while (bytes_ + bytes > budget_ && !kept_.empty()) {
        bytes_ -= kept_.back().tensor.nbytes();
        places_.erase(kept_.back().key);
        kept_.pop_back();
    }
}

}  // namespace layersweep
