#include "worker/device/memory_pool.hpp"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <bit>
#include <iterator>

namespace layersweep {

namespace {

/// Eight sizes from one power of two to the next, so that a trial with a few more rows finds the blocks of the last one large enough. What
/// is never touched of a block costs no memory.
std::size_t rounded_up(std::size_t bytes) {
    const auto step = std::bit_floor(bytes) / 8;
    return (bytes + step - 1) / step * step;
}

/// What a block may be larger than what is asked of it.
std::size_t with_rest(std::size_t bytes) {
    return bytes + bytes / 4;
}

}  // namespace

MemoryPool& MemoryPool::the_one() {
    static auto* pool = new MemoryPool;
    return *pool;
}

MemoryPool& MemoryPool::install() {
    c10::SetCPUAllocator(&the_one());
    return the_one();
}

c10::DeleterFnPtr MemoryPool::raw_deleter() const {
    return [](void* data) {
        if (!the_one().give_back(data)) c10::free_cpu(data);
    };
}

c10::DataPtr MemoryPool::allocate(std::size_t bytes) {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes < smallest_block) {
        auto* data = c10::alloc_cpu(bytes);
        return {data, data, &c10::free_cpu, cpu};
    }
    auto* data = take(rounded_up(bytes)).data;
    return {data, data, raw_deleter(), cpu};
}

MemoryPool::Block MemoryPool::take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    Block block;
    const auto fit = idle_by_size_.lower_bound(bytes);
    if (fit != idle_by_size_.end() && fit->first <= with_rest(bytes)) {
        block = *fit->second;
        idle_.erase(fit->second);
        idle_by_size_.erase(fit);
        idle_bytes_ -= block.bytes;
    } else {
        block = new_block(bytes);
    }
    used_.emplace(block.data, block.bytes);
    used_bytes_ += block.bytes;
    most_used_ = std::max(most_used_, used_bytes_);
    peak_used_ = std::max(peak_used_, used_bytes_);
    peak_held_ = std::max(peak_held_, used_bytes_ + idle_bytes_);
    return block;
}

MemoryPool::Block MemoryPool::new_block(std::size_t bytes) {
    const auto needed = used_bytes_ + bytes;
    shrink_to(std::max(needed, most_used_) - needed);
    try {
        return {c10::alloc_cpu(bytes), bytes};
    } catch (const c10::Error&) {
        shrink_to(0);
        return {c10::alloc_cpu(bytes), bytes};
    }
}

/// Those that were idle longest go.
void MemoryPool::shrink_to(std::size_t bytes) {
    while (idle_bytes_ > bytes) {
        const auto oldest = std::prev(idle_.end());
        const auto [first, last] = idle_by_size_.equal_range(oldest->bytes);
        idle_by_size_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == oldest; }));
        idle_bytes_ -= oldest->bytes;
        c10::free_cpu(oldest->data);
        idle_.erase(oldest);
    }
}

bool MemoryPool::give_back(void* data) {
    const std::lock_guard lock(mutex_);
    const auto found = used_.find(data);
    if (found == used_.end()) return false;
    idle_.push_front({data, found->second});
    idle_by_size_.emplace(found->second, idle_.begin());
    idle_bytes_ += found->second;
    used_bytes_ -= found->second;
    used_.erase(found);
    return true;
}

std::size_t MemoryPool::idle_bytes() const {
    const std::lock_guard lock(mutex_);
    return idle_bytes_;
}

std::size_t MemoryPool::kept_at_peak() const {
    const std::lock_guard lock(mutex_);
    return peak_held_ - peak_used_;
}

void MemoryPool::begin_peak() {
    const std::lock_guard lock(mutex_);
    peak_used_ = used_bytes_;
    peak_held_ = used_bytes_ + idle_bytes_;
}

void MemoryPool::release() {
    const std::lock_guard lock(mutex_);
    shrink_to(0);
    most_used_ = used_bytes_;
}

}  // namespace layersweep
