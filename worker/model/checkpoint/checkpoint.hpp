#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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
    /// Just some rows along the first dimension, ascending; `out` has their bytes.
    void read_rows(const StoredTensor& tensor, std::span<const std::int64_t> rows, std::span<std::byte> out) const;
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

/// Bytes to be written, handed out in order and as often as asked: at once where they are in memory, else piece by piece as they are
/// fetched.
class BytesToWrite {
public:
    using Take = std::function<void(std::span<const std::byte>)>;
    BytesToWrite(std::span<const std::byte> in_memory)
        : BytesToWrite(in_memory.size(), [in_memory](const Take& take) { take(in_memory); }) {}
    BytesToWrite(std::size_t size, std::function<void(const Take&)> hand_out) : size_(size), hand_out_(std::move(hand_out)) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    void hand_out(const Take& take) const { hand_out_(take); }

private:
    std::size_t size_;
    std::function<void(const Take&)> hand_out_;
};

/// A tensor to be written.
struct TensorToWrite {
    std::string name;
    StoredType type = StoredType::f32;
    std::vector<std::int64_t> shape;
    BytesToWrite bytes;
};
/// Names and texts of a safetensors header's `__metadata__`.
using SafetensorsMetadata = std::map<std::string, std::string>;
/// Writes one safetensors file, aside, synced and renamed. Header metadata {"format": "pt"}, which transformers asks for, and what is
/// given.
void write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors, const SafetensorsMetadata& metadata = {});

}  // namespace layersweep
