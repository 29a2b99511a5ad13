#include "worker/model/pristine_tensors.hpp"

#include <ATen/ATen.h>

#include "worker/model/tensor_bytes.hpp"

namespace layersweep {

void PristineTensors::copy_to(const at::Tensor& out, const ModelRef& model, const Checkpoint& checkpoint, const StoredTensor& tensor) {
    auto key = model.fingerprint + ' ' + tensor.name;
    if (const auto* kept = find(key))
        out.copy_(*kept);
    else if (make_room(tensor.bytes()))
        out.copy_(keep(std::move(key), checkpoint, tensor));
    else
        read_whole(checkpoint, tensor, out);
}

void PristineTensors::limit_to(std::size_t budget) {
    budget_ = budget;
    while (bytes_ > budget_) drop_last();
}

const at::Tensor* PristineTensors::find(const std::string& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, place->second);
    place->second->load = load_;
    return &place->second->tensor;
}

const at::Tensor& PristineTensors::keep(std::string key, const Checkpoint& checkpoint, const StoredTensor& tensor) {
    auto copy = at::empty(tensor.shape, at::TensorOptions(torch_type(tensor.type)).device(device_));
    read_whole(checkpoint, tensor, copy);
    kept_.push_front({key, std::move(copy), load_});
    places_.emplace(std::move(key), kept_.begin());
    bytes_ += tensor.bytes();
    return kept_.front().tensor;
}

bool PristineTensors::make_room(std::size_t bytes) {
    if (bytes > budget_) return false;
    while (bytes_ + bytes > budget_ && kept_.back().load != load_) drop_last();
    return bytes_ + bytes <= budget_;
}

void PristineTensors::drop_last() {
    bytes_ -= kept_.back().tensor.nbytes();
    places_.erase(kept_.back().key);
    kept_.pop_back();
}

void PristineTensors::clear() {
    while (!kept_.empty()) drop_last();
}

}  // namespace layersweep
