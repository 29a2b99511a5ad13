#pragma once

#include "worker/model/checkpoint/weight_file.hpp"
#include "worker/model/checkpoint/zip_archive.hpp"

namespace layersweep {

/// A file of torch.save in its zip form (PyTorch 1.6 and later): NAME/data.pkl describes the tensors, NAME/data/KEY holds each storage.
/// `StoredTensor::entry` is the storage's entry in the archive, `location` the byte offset in it.
class TorchFile : public WeightFile {
public:
    /// `number`: what the listed tensors carry as `StoredTensor::file`.
    TorchFile(const std::string& path, std::size_t number);

    [[nodiscard]] const WeightListing& listing() const override { return listing_; }
    void read(const StoredTensor& tensor, std::span<std::byte> out) const override { archive_.read(tensor.entry, tensor.location, out); }
    [[nodiscard]] std::uint64_t bytes_read() const override { return probed_bytes_ + archive_.bytes_read(); }

private:
    std::uint64_t probed_bytes_;  ///< before archive_, so that the format is known before libzip looks
    ZipArchive archive_;
    WeightListing listing_;
};

}  // namespace layersweep
