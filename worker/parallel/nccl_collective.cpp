// The only file that includes NCCL's header.
#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#include <fmt/core.h>
#include <nccl.h>

#include <chrono>
#include <exception>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "worker/parallel/factory.hpp"
#include "worker/parallel/gang_wait.hpp"

namespace layersweep {
namespace {

constexpr std::chrono::seconds farewell_timeout{10};

std::string hex_of(const ncclUniqueId& id) {
    std::string hex;
    for (const char byte : id.internal) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return hex;
}

ncclUniqueId id_of(const std::string& hex) {
    ncclUniqueId id{};
    LAYERSWEEP_CHECK(hex.size() == 2 * sizeof id.internal && hex.find_first_not_of("0123456789abcdef") == std::string::npos,
                     "not an ncclUniqueId: " + hex);
    for (std::size_t i = 0; i < sizeof id.internal; ++i) id.internal[i] = static_cast<char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    return id;
}

struct AbortCommunicator {
    void operator()(ncclComm_t communicator) const { ncclCommAbort(communicator); }
};
struct DestroyEvent {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
};

/// A gang's NCCL communicator that blocks no call, so that every wait can be given up. Aborted when it is destroyed, unless all members
/// take their leave together.
class Communicator {
public:
    Communicator(int rank, const to_worker::Assign& assign, GangWait&& waiting) {
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;
        ncclComm_t made = nullptr;
        const auto code = ncclCommInitRankConfig(&made, static_cast<int>(assign.gang.size()), id_of(assign.nccl_id), rank, &config);
        communicator_.reset(made);
        check(code, "ncclCommInitRankConfig");
        wait_until_ready("ncclCommInitRankConfig", std::move(waiting));
    }

    [[nodiscard]] ncclComm_t get() const { return communicator_.get(); }

    void check(ncclResult_t code, const char* call) const {
        if (code == ncclSuccess || code == ncclInProgress) return;
        const auto text = fmt::format("{}: {} ({})", call, ncclGetErrorString(code), ncclGetLastError(communicator_.get()));
        if (code == ncclRemoteError || code == ncclSystemError) throw CollectiveLost(text);
        throw MachineError(text);
    }

    /// Throws what went wrong since the last look, here or at another member; false while a call is still being worked on.
    [[nodiscard]] bool is_ready(const char* call) const {
        ncclResult_t state = ncclSuccess;
        check(ncclCommGetAsyncError(communicator_.get(), &state), "ncclCommGetAsyncError");
        check(state, call);
        return state == ncclSuccess;
    }

    void wait_until_ready(const char* call, GangWait&& waiting) const {
        while (!is_ready(call)) waiting.pause([call] { return call; });
    }

    /// All members call it when each has got its last result.
    void take_leave() {
        check(ncclCommFinalize(communicator_.get()), "ncclCommFinalize");
        double waited_s = 0;
        wait_until_ready("ncclCommFinalize", GangWait(farewell_timeout, {}, waited_s));
        ncclCommDestroy(communicator_.release());
    }

private:
    std::unique_ptr<std::remove_pointer_t<ncclComm_t>, AbortCommunicator> communicator_;
};

class NcclCollective final : public Collective {
public:
    NcclCollective(int rank, const to_worker::Assign& assign, std::chrono::milliseconds timeout, Interrupted interrupted)
        : rank_(rank),
          size_(static_cast<int>(assign.gang.size())),
          timeout_(timeout),
          interrupted_(std::move(interrupted)),
          communicator_(rank, assign, begin_wait()) {}

    ~NcclCollective() override {
        // A member that leaves alone, with an exception, would wait for the others in vain.
        if (lost_ || std::uncaught_exceptions() > exceptions_) return;
        try {
            communicator_.take_leave();
        } catch (const MachineError&) {  // the results are here; another member's trouble is told by that member
        }
    }

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return size_; }

    void start_sum(const at::Tensor& flat) override {
        LAYERSWEEP_CHECK(flat.is_cuda() && flat.dim() == 1 && flat.is_contiguous(), "not a flat tensor on the GPU");
        const auto type = flat.scalar_type();
        LAYERSWEEP_CHECK(type == at::kFloat || type == at::kDouble, "neither float32 nor float64");
        if (flat.numel() == 0) return;
        lost_ = true;  // until proven otherwise
        started_.push_back(flat);
        C10_CUDA_CHECK(cudaEventRecord(own_work_.get(), c10::cuda::getCurrentCUDAStream(flat.get_device()).stream()));
        C10_CUDA_CHECK(cudaStreamWaitEvent(stream_.stream(), own_work_.get(), 0));
        communicator_.check(ncclAllReduce(flat.data_ptr(), flat.data_ptr(), static_cast<std::size_t>(flat.numel()),
                                          type == at::kFloat ? ncclFloat32 : ncclFloat64, ncclSum, communicator_.get(), stream_.stream()),
                            "ncclAllReduce");
        // It may be launched by a thread of NCCL's: an event that is recorded earlier would not stand behind it.
        communicator_.wait_until_ready("ncclAllReduce", begin_wait());
    }

    /// When the host has seen the sums' end, whatever it launches next comes behind them, on every stream.
    void finish_sums() override {
        if (started_.empty()) return;
        finish_own_work(c10::cuda::getCurrentCUDAStream(started_.front().get_device()).stream());
        C10_CUDA_CHECK(cudaEventRecord(summed_.get(), stream_.stream()));
        wait_for_the_sums();
        started_.clear();
        lost_ = false;
    }

    [[nodiscard]] double waited_s() const override { return waited_s_; }

private:
    using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, DestroyEvent>;

    [[nodiscard]] static Event make_event() {
        cudaEvent_t made = nullptr;
        C10_CUDA_CHECK(cudaEventCreateWithFlags(&made, cudaEventDisableTiming));
        return Event(made);
    }

    [[nodiscard]] GangWait begin_wait() { return {timeout_, interrupted_, waited_s_}; }

    /// Without a word to anybody, so that a GPU that hangs looks as stuck as it is, and not as if it waited for the others.
    void finish_own_work(cudaStream_t stream) {
        C10_CUDA_CHECK(cudaEventRecord(own_work_.get(), stream));
        cudaError_t state = cudaErrorNotReady;
        while ((state = cudaEventQuery(own_work_.get())) == cudaErrorNotReady) std::this_thread::sleep_for(std::chrono::microseconds(20));
        if (state != cudaSuccess) throw MachineError(std::string("before a reduction on the GPU: ") + cudaGetErrorString(state));
    }

    void wait_for_the_sums() {
        auto waiting = begin_wait();
        while (true) {
            const auto state = cudaEventQuery(summed_.get());
            if (state == cudaSuccess) return;
            if (state != cudaErrorNotReady) throw MachineError(std::string("a reduction on the GPU: ") + cudaGetErrorString(state));
            (void)communicator_.is_ready("ncclAllReduce");  // throws where a member is lost
            waiting.pause([] { return "the other members' part of a reduction"; });
        }
    }

    int rank_;
    int size_;
    std::chrono::milliseconds timeout_;
    Interrupted interrupted_;
    int exceptions_ = std::uncaught_exceptions();
    bool lost_ = false;
    double waited_s_ = 0;
    // Of high priority, so that a sum need not wait until the backward pass leaves a multiprocessor idle.
    c10::cuda::CUDAStream stream_ = c10::cuda::getStreamFromPool(/*isHighPriority=*/true);
    Event own_work_ = make_event(), summed_ = make_event();
    std::vector<at::Tensor> started_;  ///< outlives the communicator, which ends what still works on them
    Communicator communicator_;
};

class NcclCollectiveFactory final : public CollectiveFactory {
public:
    NcclCollectiveFactory(int gpu, std::chrono::milliseconds timeout) : gpu_(gpu), timeout_(timeout) {}

    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId self, const to_worker::Assign& assign, Interrupted interrupted) override {
        const int rank = place_in_gang(self, assign);
        if (assign.gang.size() == 1) return solo_collective();
        if (assign.nccl_id == offered_) offered_.clear();
        C10_CUDA_CHECK(cudaSetDevice(gpu_));
        return std::make_unique<NcclCollective>(rank, assign, timeout_, std::move(interrupted));
    }

    /// The same until a gang has used it: NCCL listens for the members of every id it has given out.
    [[nodiscard]] std::string fresh_nccl_id() override {
        if (!offered_.empty()) return offered_;
        ncclUniqueId id{};
        if (const auto code = ncclGetUniqueId(&id); code != ncclSuccess) {
            throw MachineError(fmt::format("ncclGetUniqueId: {} ({})", ncclGetErrorString(code), ncclGetLastError(nullptr)));
        }
        offered_ = hex_of(id);
        return offered_;
    }

private:
    int gpu_;
    std::chrono::milliseconds timeout_;
    std::string offered_;
};

}  // namespace

std::unique_ptr<CollectiveFactory> nccl_collective_factory(const WorkerDevice& device, std::chrono::milliseconds timeout) {
    return std::make_unique<NcclCollectiveFactory>(device.torch_device().index(), timeout);
}

}  // namespace layersweep
