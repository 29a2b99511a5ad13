#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "protocol/trial.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"

namespace layersweep {

/// Whole tensors of checkpoints on the device that trains, as they are stored; the least recently used give way to others, but none that
/// the same load has used: of a model that is larger than the budget the first blocks stay, which all its trials have. All trials of a
/// model, whatever they keep of it, share one copy. One thread. docs/decisions/0008
class PristineTensors {
public:
    /// `budget`: bytes at most; 0: nothing is kept.
    PristineTensors(at::Device device, std::size_t budget) : device_(device), budget_(budget) {}

    /// What follows is of another load.
    void begin_load() { ++load_; }
    /// Fills `out`, which has the stored tensor's shape and any type, from what is kept or else from the checkpoint. Throws as
    /// `checkpoint` does, which is `model`'s.
    void copy_to(const at::Tensor& out, const ModelRef& model, const Checkpoint& checkpoint, const StoredTensor& tensor);
    /// Another budget from now on.
    void limit_to(std::size_t budget);
    void clear();
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct Kept {
        std::string key;
        at::Tensor tensor;
        std::uint64_t load;  ///< that used it last
    };
    [[nodiscard]] const at::Tensor* find(const std::string& key);
    const at::Tensor& keep(std::string key, const Checkpoint& checkpoint, const StoredTensor& tensor);
    /// Whether there is room for so many bytes once what may give way has.
    [[nodiscard]] bool make_room(std::size_t bytes);
    void drop_last();

    at::Device device_;
    std::size_t budget_;
    std::size_t bytes_ = 0;
    std::uint64_t load_ = 0;
    std::list<Kept> kept_;  ///< the last used first
    std::unordered_map<std::string, std::list<Kept>::iterator> places_;
};

}  // namespace layersweep
