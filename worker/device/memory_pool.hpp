#pragma once

#include <c10/core/Allocator.h>

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>

namespace layersweep {

/// LibTorch's memory on CPUs, which keeps large blocks that were given back for whoever asks next: memory that is new to the process costs
/// several times what is done with it, as the kernel hands it out page by page, zeroed. Never holds more than was once in use (and what
/// blocks of a similar size leave over). Thread-safe. What GPUs have in LibTorch.
class MemoryPool final : public c10::Allocator {
public:
    /// Smaller blocks are the system's.
    static constexpr std::size_t smallest_block = std::size_t{1} << 20;

    /// LibTorch's allocator from now on. There is one, and it is never destroyed: tensors may outlive everything else.
    static MemoryPool& install();
    [[nodiscard]] static MemoryPool& the_one();

    [[nodiscard]] c10::DataPtr allocate(std::size_t bytes) override;
    [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override;
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }

    /// Bytes that nobody uses.
    [[nodiscard]] std::size_t idle_bytes() const;
    /// Most bytes since `begin_peak` that were held beside those in use: what a process with less behind it would not have.
    [[nodiscard]] std::size_t kept_at_peak() const;
    void begin_peak();
    /// Gives them back to the system, and forgets how much was in use before.
    void release();

private:
    struct Block {
        void* data = nullptr;
        std::size_t bytes = 0;
    };
    using Idle = std::list<Block>;

    [[nodiscard]] Block take(std::size_t bytes);
    [[nodiscard]] Block new_block(std::size_t bytes);
    void shrink_to(std::size_t bytes);
    /// False: it is none of the pool's.
    bool give_back(void* data);

    mutable std::mutex mutex_;
    std::unordered_map<void*, std::size_t> used_;
    Idle idle_;  ///< the last given back first
    std::multimap<std::size_t, Idle::iterator> idle_by_size_;
    std::size_t used_bytes_ = 0, idle_bytes_ = 0, most_used_ = 0;
    std::size_t peak_used_ = 0, peak_held_ = 0;  ///< since `begin_peak`
};

}  // namespace layersweep
