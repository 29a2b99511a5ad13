#pragma once

#include "worker/model/checkpoint/byte_file.hpp"
#include "worker/model/checkpoint/weight_file.hpp"

namespace layersweep {

/// A safetensors file (https://github.com/huggingface/safetensors, "Format"): 8 bytes of header length, a JSON header, then the tensors
/// without holes. `StoredTensor::location` is the absolute byte offset.
class SafetensorsFile : public WeightFile {
public:
    /// `number`: what the listed tensors carry as `StoredTensor::file`.
    SafetensorsFile(const std::string& path, std::size_t number);

    [[nodiscard]] const WeightListing& listing() const override { return listing_; }
    void read(const StoredTensor& tensor, std::span<std::byte> out) const override { file_.read(tensor.location, out); }
    /// The texts among the header's metadata.
    [[nodiscard]] const SafetensorsMetadata& metadata() const { return metadata_; }
    [[nodiscard]] std::uint64_t bytes_read() const override { return file_.bytes_read(); }

private:
    ByteFile file_;
    WeightListing listing_;
    SafetensorsMetadata metadata_;
};

}  // namespace layersweep
