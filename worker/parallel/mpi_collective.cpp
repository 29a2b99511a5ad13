// The only file of this folder that includes MPI's header.
#include <ATen/core/Tensor.h>
#include <mpi.h>

#include <mpi-ext.h>

#include <cstring>
#include <utility>
#include <vector>

#include "worker/parallel/factory.hpp"
#include "worker/parallel/gang_wait.hpp"

namespace layersweep {
namespace {

constexpr int first_tag = 1000;                            // the control messages have those below
constexpr std::size_t piece_bytes = std::size_t{1} << 20;  // of one member's part, in one round

/// A tag of this assignment's own: what an abandoned attempt left in the queues is never taken for a later one's. MPI grants at least
/// 32767, Open MPI the whole range of int, which no sweep uses up.
int tag_of(std::uint32_t epoch) {
    int* upper = nullptr;
    int known = 0;
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &upper, &known);
    const auto tags = static_cast<std::uint32_t>((known != 0 ? *upper : 32767) - first_tag);
    return first_tag + static_cast<int>(epoch % tags);
}

/// Memory that MPI may still touch: it lives until the process ends, since a request that does not end can outlive everything else.
void keep_for_ever(std::vector<std::byte> memory) {
    static auto& kept = *new std::vector<std::vector<std::byte>>;
    kept.push_back(std::move(memory));
}

/// The messages of one gang that are under way, and the memory that they come from and go to.
class GangMessages {
public:
    GangMessages(std::vector<WorkerId> gang, std::uint32_t epoch, std::size_t bytes)
        : gang_(std::move(gang)), tag_(tag_of(epoch)), memory_(bytes) {}
    ~GangMessages() { give_up(); }
    GangMessages(const GangMessages&) = delete;
    GangMessages& operator=(const GangMessages&) = delete;

    [[nodiscard]] std::byte* memory() { return memory_.data(); }

    void send(std::size_t member, const void* data, std::size_t bytes) {
        if (bytes == 0) return;
        MPI_Request request = MPI_REQUEST_NULL;
        check(MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, gang_[member].rank, tag_, MPI_COMM_WORLD, &request), member, "MPI_Isend");
        under_way_.push_back({request, member});
    }

    void receive(std::size_t member, void* data, std::size_t bytes) {
        if (bytes == 0) return;
        MPI_Request request = MPI_REQUEST_NULL;
        check(MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, gang_[member].rank, tag_, MPI_COMM_WORLD, &request), member, "MPI_Irecv");
        under_way_.push_back({request, member});
    }

    void wait(GangWait&& waiting) {
        while (true) {
            for (auto& message : under_way_) test(message);
            std::erase_if(under_way_, [](const Message& message) { return message.request == MPI_REQUEST_NULL; });
            if (under_way_.empty()) return;
            waiting.pause([this] { return text_of(under_way_.front().member); });
        }
    }

private:
    struct Message {
        MPI_Request request;
        std::size_t member;
    };

    void test(Message& message) {
        int done = 0;  // then MPI makes the request the null one, whose test is done at once
        check(MPI_Test(&message.request, &done, MPI_STATUS_IGNORE), message.member, "MPI_Test");
    }

    [[nodiscard]] std::string text_of(std::size_t member) const {
        return "member " + std::to_string(member) + " of the gang (rank " + std::to_string(gang_[member].rank) + ")";
    }

    void check(int code, std::size_t member, const char* call) const {
        if (code == MPI_SUCCESS) return;
        int error_class = 0;
        MPI_Error_class(code, &error_class);
        if (error_class == MPIX_ERR_PROC_FAILED) throw CollectiveLost(text_of(member) + " is dead");
        char text[MPI_MAX_ERROR_STRING] = {};
        int length = 0;
        MPI_Error_string(code, text, &length);
        throw MachineError(std::string(call) + " with " + text_of(member) + ": " + text);
    }

    /// Takes back what did not end. Open MPI cancels receives that have not begun and no sends, so something may stay.
    void give_up() {
        bool stays = false;
        for (auto& [request, member] : under_way_) {
            if (request == MPI_REQUEST_NULL) continue;
            MPI_Cancel(&request);
            int done = 0;
            MPI_Test(&request, &done, MPI_STATUS_IGNORE);
            if (request == MPI_REQUEST_NULL) continue;
            MPI_Request_free(&request);
            stays = true;
        }
        if (stays) keep_for_ever(std::move(memory_));
    }

    std::vector<WorkerId> gang_;
    int tag_;
    std::vector<std::byte> memory_;
    std::vector<Message> under_way_;
};

/// Every member owns a part of the tensor, adds what the others send of it in the gang's order, and sends the sum to all.
/// A round reduces up to one piece per member: all members' copies of it come together at its owner, and its sum goes back to all.
class MpiCollective final : public Collective {
public:
    MpiCollective(int rank, const to_worker::Assign& assign, std::chrono::milliseconds timeout, Interrupted interrupted)
        : rank_(static_cast<std::size_t>(rank)),
          size_(assign.gang.size()),
          messages_(assign.gang, assign.epoch, 2 * size_ * piece_bytes),
          timeout_(timeout),
          interrupted_(std::move(interrupted)) {}

    [[nodiscard]] int rank() const override { return static_cast<int>(rank_); }
    [[nodiscard]] int size() const override { return static_cast<int>(size_); }

    void start_sum(const at::Tensor& flat) override {
        LAYERSWEEP_CHECK(flat.is_cpu() && flat.dim() == 1 && flat.is_contiguous(), "not a flat tensor on the CPU");
        const auto type = flat.scalar_type();
        LAYERSWEEP_CHECK(type == at::kFloat || type == at::kDouble, "neither float32 nor float64");
        started_.push_back(flat);
    }

    void finish_sums() override {
        for (const auto& flat : std::exchange(started_, {})) {
            const auto count = static_cast<std::size_t>(flat.numel());
            if (flat.scalar_type() == at::kFloat)
                reduce(flat.data_ptr<float>(), count);
            else
                reduce(flat.data_ptr<double>(), count);
        }
    }

    [[nodiscard]] double waited_s() const override { return waited_s_; }

private:
    template <class T>
    void reduce(T* values, std::size_t count) {
        constexpr auto piece = piece_bytes / sizeof(T);
        for (std::size_t begin = 0; begin < count; begin += size_ * piece) {
            reduce_round(values + begin, std::min(size_ * piece, count - begin));
        }
    }

    template <class T>
    void reduce_round(T* values, std::size_t count) {
        const auto begin_of = [&](std::size_t member) { return count * member / size_; };
        const auto bytes_of = [&](std::size_t member) { return (begin_of(member + 1) - begin_of(member)) * sizeof(T); };
        T* const all = reinterpret_cast<T*>(messages_.memory());
        T* const parts = reinterpret_cast<T*>(messages_.memory() + size_ * piece_bytes);
        const auto part_of = [&](std::size_t member) { return parts + member * (piece_bytes / sizeof(T)); };

        std::memcpy(all, values, count * sizeof(T));
        exchange([&](std::size_t member) {
            messages_.receive(member, part_of(member), bytes_of(rank_));
            messages_.send(member, all + begin_of(member), bytes_of(member));
        });
        std::memcpy(part_of(rank_), all + begin_of(rank_), bytes_of(rank_));
        T* const sum = part_of(0);
        const auto own_count = bytes_of(rank_) / sizeof(T);
        for (std::size_t member = 1; member < size_; ++member) {
            const T* const part = part_of(member);
            for (std::size_t i = 0; i < own_count; ++i) sum[i] += part[i];
        }
        std::memcpy(all + begin_of(rank_), sum, bytes_of(rank_));
        exchange([&](std::size_t member) {
            messages_.receive(member, all + begin_of(member), bytes_of(member));
            messages_.send(member, sum, bytes_of(rank_));
        });
        std::memcpy(values, all, count * sizeof(T));
    }

    template <class Start>
    void exchange(Start start_with) {
        for (std::size_t member = 0; member < size_; ++member) {
            if (member != rank_) start_with(member);
        }
        messages_.wait(GangWait(timeout_, interrupted_, waited_s_));
    }

    std::size_t rank_;
    std::size_t size_;
    GangMessages messages_;
    std::chrono::milliseconds timeout_;
    Interrupted interrupted_;
    std::vector<at::Tensor> started_;
    double waited_s_ = 0;
};

class MpiCollectiveFactory final : public CollectiveFactory {
public:
    explicit MpiCollectiveFactory(std::chrono::milliseconds timeout) : timeout_(timeout) {}
    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId self, const to_worker::Assign& assign, Interrupted interrupted) override {
        const int rank = place_in_gang(self, assign);
        if (assign.gang.size() == 1) return solo_collective();
        return std::make_unique<MpiCollective>(rank, assign, timeout_, std::move(interrupted));
    }

private:
    std::chrono::milliseconds timeout_;
};

}  // namespace

std::unique_ptr<CollectiveFactory> mpi_collective_factory(std::chrono::milliseconds timeout) {
    return std::make_unique<MpiCollectiveFactory>(timeout);
}

}  // namespace layersweep
