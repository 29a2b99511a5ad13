#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "worker/parallel/factory.hpp"

namespace layersweep {

namespace {

constexpr std::chrono::minutes longest_wait{10};

std::string hex_of(const ncclUniqueId& id) {
    std::string text;
    for (const char byte : id.internal) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
        text += digits;
    }
    return text;
}

ncclUniqueId id_of(const std::string& hex) {
    ncclUniqueId id{};
    LAYERSWEEP_CHECK(hex.size() == 2 * sizeof id.internal, "an assignment to a gang without a unique id");
    for (std::size_t i = 0; i < sizeof id.internal; ++i) id.internal[i] = static_cast<char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    return id;
}

void check(ncclResult_t code) {
    if (code != ncclSuccess && code != ncclInProgress) throw CollectiveLost(std::string("NCCL: ") + ncclGetErrorString(code));
}

/// One communicator of one attempt's gang. After an error it is aborted, never reused.
class NcclCollective final : public Collective {
public:
    NcclCollective(int rank, int size, const ncclUniqueId& id, Interrupted interrupted)
        : rank_(rank), size_(size), interrupted_(std::move(interrupted)) {
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;  // so that a member that never comes can be given up
        try {
            check(ncclCommInitRankConfig(&communicator_, size, id, rank, &config));
            wait_until_ready();
        } catch (...) {
            if (communicator_) ncclCommAbort(communicator_);
            throw;
        }
    }
    ~NcclCollective() override {
        if (healthy_) {
            ncclCommFinalize(communicator_);
            ncclCommDestroy(communicator_);
        } else {
            ncclCommAbort(communicator_);
        }
    }
    NcclCollective(const NcclCollective&) = delete;
    NcclCollective& operator=(const NcclCollective&) = delete;

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return size_; }

    void all_reduce_sum(at::Tensor& flat) override {
        const auto type = flat.scalar_type() == at::kDouble ? ncclDouble : ncclFloat;
        auto* data = flat.mutable_data_ptr();
        const auto stream = c10::cuda::getCurrentCUDAStream(flat.device().index());
        const auto code = ncclAllReduce(data, data, std::size_t(flat.numel()), type, ncclSum, communicator_, stream.stream());
        if (code != ncclSuccess && code != ncclInProgress) give_up(ncclGetErrorString(code));
        wait_until_ready();
        wait_for([&] { return stream.query(); });
    }

private:
    void wait_until_ready() {
        wait_for([&] {
            ncclResult_t state = ncclSuccess;
            ncclCommGetAsyncError(communicator_, &state);
            return state == ncclSuccess;
        });
    }

    template <class Done>
    void wait_for(Done done) {
        const auto end = std::chrono::steady_clock::now() + longest_wait;
        for (int turn = 0; !done(); ++turn) {
            ncclResult_t state = ncclSuccess;
            ncclCommGetAsyncError(communicator_, &state);
            if (state != ncclSuccess && state != ncclInProgress) give_up(ncclGetErrorString(state));
            if (turn % 64 == 63 && interrupted_()) give_up("the attempt was abandoned while a member waited for the others");
            if (std::chrono::steady_clock::now() > end) give_up("a member of the gang did not come to the reduction in time");
            if (turn > 1000) std::this_thread::sleep_for(std::chrono::microseconds(20));
        }
    }

    [[noreturn]] void give_up(const std::string& why) {
        healthy_ = false;
        throw CollectiveLost("NCCL: " + why);
    }

    int rank_, size_;
    Interrupted interrupted_;
    ncclComm_t communicator_ = nullptr;
    bool healthy_ = true;
};

class NcclCollectiveFactory final : public CollectiveFactory {
public:
    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId self, const to_worker::Assign& assign, Interrupted interrupted) override {
        if (assign.gang.size() == 1) return solo_collective();
        return std::make_unique<NcclCollective>(place_in_gang(self, assign), int(assign.gang.size()), id_of(assign.nccl_id), std::move(interrupted));
    }
    [[nodiscard]] std::string fresh_nccl_id() override {
        ncclUniqueId id{};
        check(ncclGetUniqueId(&id));
        return hex_of(id);
    }
};

}  // namespace

std::unique_ptr<CollectiveFactory> nccl_collective_factory(const WorkerDevice&) { return std::make_unique<NcclCollectiveFactory>(); }

}  // namespace layersweep
