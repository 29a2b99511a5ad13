#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace layersweep {

enum class StoredType { f32, f16, bf16, f64 };
[[nodiscard]] std::size_t bytes_of(StoredType);
[[nodiscard]] std::int64_t elements_of(const std::vector<std::int64_t>& shape);

/// A tensor as a checkpoint holds it: contiguous, row-major, little-endian.
struct StoredTensor {
    std::string name;
    StoredType type = StoredType::f32;
    std::vector<std::int64_t> shape;
    [[nodiscard]] std::size_t bytes() const;
    std::size_t file = 0;        ///< which of the folder's weight files
    std::uint64_t location = 0;  ///< format-specific: absolute byte offset (safetensors), entry and offset (.bin)
    std::uint64_t entry = 0;
};

/// The weights of a Hugging Face folder: `model.safetensors`, its sharded form with `model.safetensors.index.json`, `pytorch_model.bin`
/// or its sharded form. Opening reads headers only; `read` reads exactly the tensor's bytes (invariant: a test counts them). Nothing
/// pickled is ever run: the .bin reader knows the few opcodes and names that state dicts use and refuses all else by name.
/// Tensors of integer or bool type are listed nowhere (attention masks), as if they were not there.
/// Thread-safe for concurrent reads.
class Checkpoint {
public:
    /// Throws ConfigError: no weights, truncated, oversized or hostile header, overlapping or out-of-range tensors, missing shard.
    static Checkpoint open(const std::string& folder);
    ~Checkpoint();
    Checkpoint(Checkpoint&&) noexcept;
    Checkpoint& operator=(Checkpoint&&) noexcept;

    /// nullptr where there is none of that name.
    [[nodiscard]] const StoredTensor* find(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// `out.size()` must be `tensor.bytes()`.
    void read(const StoredTensor& tensor, std::span<std::byte> out) const;
    /// Bytes read from the files so far, headers included.
    [[nodiscard]] std::uint64_t bytes_read() const;
    /// The files that hold the weights (and their index), for fingerprints.
    [[nodiscard]] std::vector<std::string> files() const;

private:
    struct Impl;
    explicit Checkpoint(std::unique_ptr<Impl>);
    std::unique_ptr<Impl> impl_;
};

/// The weight files (and index) that `open` would use, in a fixed order; reads no tensor.
[[nodiscard]] std::vector<std::string> checkpoint_files(const std::string& folder);

/// A tensor to be written.
struct TensorToWrite {
    std::string name;
    StoredType type = StoredType::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
};
/// Writes one safetensors file, aside and renamed. Header metadata {"format": "pt"}, which transformers asks for.
void write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors);

}  // namespace layersweep
