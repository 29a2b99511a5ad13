#include <ATen/core/Tensor.h>
#include <mpi.h>

#include <chrono>
#include <thread>
#include <vector>

#include "worker/parallel/factory.hpp"

namespace layersweep {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes longest_wait{10};
constexpr std::chrono::milliseconds between_questions{1};
constexpr int spins_before_sleep = 2000;
constexpr int first_gang_tag = 1000;
constexpr int gang_tags = 30'000;  // MPI promises tags up to 32,767
constexpr std::int64_t largest_message = std::int64_t{1} << 28;  // elements

/// Non-blocking messages under way; on destruction what is unfinished is cancelled.
class Requests {
public:
    Requests() = default;
    ~Requests() {
        for (auto& request : pending_) {
            if (request == MPI_REQUEST_NULL) continue;
            MPI_Cancel(&request);
            MPI_Request_free(&request);
        }
    }
    Requests(const Requests&) = delete;
    Requests& operator=(const Requests&) = delete;

    void check(int code) const {
        if (code == MPI_SUCCESS) return;
        char text[MPI_MAX_ERROR_STRING] = {};
        int length = 0;
        MPI_Error_string(code, text, &length);
        throw CollectiveLost("a member of the gang is lost: " + std::string(text, std::size_t(length)));
    }
    MPI_Request* add() { return &pending_.emplace_back(MPI_REQUEST_NULL); }
    void reserve(std::size_t count) { pending_.reserve(count); }

    void wait(const Interrupted& interrupted) {
        const auto end = Clock::now() + longest_wait;
        auto ask_at = Clock::now() + between_questions;
        for (int turn = 0; !all_done(); ++turn) {
            if (turn < spins_before_sleep) {
                std::this_thread::yield();
            } else {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
            const auto now = Clock::now();
            if (now < ask_at) continue;
            ask_at = now + between_questions;
            if (interrupted()) throw CollectiveLost("the attempt was abandoned while a member waited for the others");
            if (now > end) throw CollectiveLost("a member of the gang did not come to the reduction in time");
        }
        pending_.clear();
    }

private:
    bool all_done() {
        bool all = true;
        for (auto& request : pending_) {
            if (request == MPI_REQUEST_NULL) continue;
            int done = 0;
            check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
            all = all && done;
        }
        return all;
    }
    std::vector<MPI_Request> pending_;
};

/// Sums by point-to-point messages on MPI_COMM_WORLD (making communicators is not safe after a death): every member owns a segment,
/// adds the others' in the gang's order, and sends the sum to all.
class MpiCollective final : public Collective {
public:
    MpiCollective(int rank, std::vector<int> world_ranks, int tag, Interrupted interrupted)
        : rank_(rank), world_ranks_(std::move(world_ranks)), tag_(tag), interrupted_(std::move(interrupted)) {}

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return int(world_ranks_.size()); }

    void all_reduce_sum(at::Tensor& flat) override {
        if (flat.scalar_type() == at::kDouble) {
            reduce(flat.mutable_data_ptr<double>(), flat.numel(), MPI_DOUBLE);
        } else {
            reduce(flat.mutable_data_ptr<float>(), flat.numel(), MPI_FLOAT);
        }
    }

private:
    [[nodiscard]] std::int64_t begin_of(int member, std::int64_t count) const { return count * member / size(); }

    template <class Number>
    void reduce(Number* values, std::int64_t count, MPI_Datatype type) {
        for (std::int64_t begin = 0; begin < count; begin += largest_message * size())
            reduce_part(values + begin, std::min(count - begin, largest_message * size()), type);
    }

    template <class Number>
    void reduce_part(Number* values, std::int64_t count, MPI_Datatype type) {
        const auto mine = begin_of(rank_, count), length = begin_of(rank_ + 1, count) - mine;
        std::vector<std::vector<Number>> received(world_ranks_.size());
        Requests requests;
        requests.reserve(2 * world_ranks_.size());
        each_other([&](int member) {
            received[std::size_t(member)].resize(std::size_t(length));
            requests.check(receive(received[std::size_t(member)].data(), length, type, member, requests));
        });
        each_other([&](int member) { requests.check(send(values, member, count, type, member, requests)); });
        requests.wait(interrupted_);
        add_in_order(values + mine, length, received);
        each_other([&](int member) {
            const auto theirs = begin_of(member, count);
            requests.check(receive(values + theirs, begin_of(member + 1, count) - theirs, type, member, requests));
        });
        each_other([&](int member) { requests.check(send(values, rank_, count, type, member, requests)); });
        requests.wait(interrupted_);
    }

    /// The same order of additions whoever owns the segment: member 0 first.
    template <class Number>
    void add_in_order(Number* own, std::int64_t length, std::vector<std::vector<Number>>& received) const {
        received[std::size_t(rank_)].assign(own, own + length);
        for (std::int64_t i = 0; i < length; ++i) {
            Number sum = received[0][std::size_t(i)];
            for (std::size_t member = 1; member < received.size(); ++member) sum += received[member][std::size_t(i)];
            own[i] = sum;
        }
    }

    template <class Number>
    int receive(Number* to, std::int64_t length, MPI_Datatype type, int member, Requests& requests) {
        return MPI_Irecv(to, int(length), type, world_ranks_[std::size_t(member)], tag_, MPI_COMM_WORLD, requests.add());
    }
    /// The segment that `owner` owns.
    template <class Number>
    int send(const Number* values, int owner, std::int64_t count, MPI_Datatype type, int member, Requests& requests) {
        const auto begin = begin_of(owner, count);
        return MPI_Isend(values + begin, int(begin_of(owner + 1, count) - begin), type, world_ranks_[std::size_t(member)], tag_, MPI_COMM_WORLD,
                         requests.add());
    }
    template <class Act>
    void each_other(Act act) {
        for (int member = 0; member < size(); ++member)
            if (member != rank_) act(member);
    }

    int rank_;
    std::vector<int> world_ranks_;
    int tag_;
    Interrupted interrupted_;
};

class MpiCollectiveFactory final : public CollectiveFactory {
public:
    [[nodiscard]] std::unique_ptr<Collective> make(WorkerId self, const to_worker::Assign& assign, Interrupted interrupted) override {
        if (assign.gang.size() == 1) return solo_collective();
        std::vector<int> ranks;
        for (const auto member : assign.gang) ranks.push_back(member.rank);
        const int tag = first_gang_tag + int(assign.epoch % gang_tags);
        return std::make_unique<MpiCollective>(place_in_gang(self, assign), std::move(ranks), tag, std::move(interrupted));
    }
};

}  // namespace

std::unique_ptr<CollectiveFactory> mpi_collective_factory() { return std::make_unique<MpiCollectiveFactory>(); }

}  // namespace layersweep
