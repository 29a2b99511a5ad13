#include <deque>
#include <mutex>
#include <set>

#include "protocol/codec.hpp"
#include "protocol/errors.hpp"
#include "protocol/mpi/backoff.hpp"
#include "protocol/mpi/mpi_boxes.hpp"
#include "protocol/mpi/mpi_transport.hpp"

namespace layersweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Tags to_coordinator_tags{.length = 1, .bytes = 3};
constexpr Tags to_worker_tags{.length = 2, .bytes = 4};
// A dead worker's last messages are waited for that long before its loss is told.
constexpr std::chrono::seconds last_words_timeout{1};

/// The two boxes of one end; they outlive the end, until MPI is finalized.
struct Boxes {
    Outbox out;
    Inbox in;

    void close() noexcept {
        try {
            out.drain();
            in.close();
        } catch (const std::exception&) {
            // The end of a broken machine: whoever used the end has been told by a thrown error already.
        }
    }
};

template <class Look>
auto wait_for(std::chrono::milliseconds timeout, Backoff& backoff, Look look) -> decltype(look()) {
    const auto deadline = Clock::now() + timeout;
    do {
        if (auto seen = look()) {
            backoff.reset();
            return seen;
        }
    } while (backoff.sleep_until_next(deadline));
    return std::nullopt;
}

class MpiCoordinator : public CoordinatorTransport {
public:
    explicit MpiCoordinator(MpiSession& session)
        : size_(session.size()), boxes_(std::make_shared<Boxes>(Boxes{Outbox(to_worker_tags), Inbox(any_source, to_coordinator_tags)})) {
        session.keep_until_finalized(boxes_);
    }
    ~MpiCoordinator() override { boxes_->close(); }

    [[nodiscard]] std::vector<WorkerId> workers() const override {
        std::vector<WorkerId> all;
        for (int rank = 1; rank < size_; ++rank) all.push_back({rank});
        return all;
    }

    void send(WorkerId to, const ToWorker& message) override {
        if (!dead_.contains(to.rank)) boxes_->out.send(to.rank, encode(message));
    }

    [[nodiscard]] std::optional<Incoming> receive(std::chrono::milliseconds timeout) override {
        return wait_for(timeout, backoff_, [this] { return look(); });
    }

private:
    struct Dying {
        int rank;
        Clock::time_point deadline;
    };

    std::optional<Incoming> look() {
        boxes_->out.progress();
        if (!boxes_->in.progress()) note_dead();
        while (auto message = boxes_->in.take()) {
            if (!lost_.contains(message->from)) return FromWorker{{message->from}, decode_to_coordinator(message->bytes)};
        }
        return next_lost();
    }

    void note_dead() {
        for (const int rank : acknowledge_dead()) {
            if (dead_.insert(rank).second) dying_.push_back({rank, Clock::now() + last_words_timeout});
        }
        // What had arrived from the dead before the receive was stopped is seen before its loss is told.
        boxes_->in.progress();
    }

    std::optional<Incoming> next_lost() {
        if (dying_.empty()) return std::nullopt;
        const Dying first = dying_.front();
        if (boxes_->in.expects_from(first.rank) && Clock::now() < first.deadline) return std::nullopt;
        dying_.pop_front();
        boxes_->in.abandon(first.rank);
        lost_.insert(first.rank);
        return WorkerLost{{first.rank}, "its process died (seen by MPI)"};
    }

    int size_;
    std::shared_ptr<Boxes> boxes_;
    std::set<int> dead_;  ///< known to MPI
    std::set<int> lost_;  ///< and told
    std::deque<Dying> dying_;
    Backoff backoff_;
};

class MpiWorker : public WorkerTransport {
public:
    explicit MpiWorker(MpiSession& session)
        : boxes_(std::make_shared<Boxes>(Boxes{Outbox(to_coordinator_tags), Inbox(0, to_worker_tags)})) {
        session.keep_until_finalized(boxes_);
    }
    ~MpiWorker() override { boxes_->close(); }

    void send(const ToCoordinator& message) override {
        auto bytes = encode(message);
        std::lock_guard lock(mutex_);
        if (coordinator_died_ || !boxes_->out.send(0, std::move(bytes))) throw_died();
        move_on();
        if (coordinator_died_) throw_died();
    }

    [[nodiscard]] std::optional<ToWorker> receive(std::chrono::milliseconds timeout) override {
        return wait_for(timeout, backoff_, [this] { return look(); });
    }

    [[nodiscard]] std::uint64_t heard() const override {
        std::lock_guard lock(mutex_);
        return heard_;
    }

private:
    std::optional<ToWorker> look() {
        std::lock_guard lock(mutex_);
        move_on();
        // What had arrived before the coordinator died is still given out.
        if (arrived_.empty() && coordinator_died_) throw_died();
        if (arrived_.empty()) return std::nullopt;
        const auto bytes = std::move(arrived_.front());
        arrived_.pop_front();
        return decode_to_worker(bytes);
    }

    void move_on() {
        if (!coordinator_died_) coordinator_died_ = !boxes_->out.progress() || !boxes_->in.progress();
        while (auto message = boxes_->in.take()) {
            arrived_.push_back(std::move(message->bytes));
            ++heard_;
        }
    }

    [[noreturn]] void throw_died() {
        coordinator_died_ = true;
        throw MachineError("the coordinator (rank 0) died");
    }

    std::shared_ptr<Boxes> boxes_;
    Backoff backoff_;           ///< of the thread that receives
    mutable std::mutex mutex_;  ///< never held while a thread sleeps; guards all below and the boxes
    bool coordinator_died_ = false;
    std::deque<std::vector<std::uint8_t>> arrived_;
    std::uint64_t heard_ = 0;
};

}  // namespace

std::unique_ptr<CoordinatorTransport> mpi_coordinator(MpiSession& session) {
    LAYERSWEEP_CHECK(session.rank() == 0, "only rank 0 coordinates");
    return std::make_unique<MpiCoordinator>(session);
}

std::unique_ptr<WorkerTransport> mpi_worker(MpiSession& session) {
    LAYERSWEEP_CHECK(session.rank() != 0, "rank 0 is no worker");
    return std::make_unique<MpiWorker>(session);
}

}  // namespace layersweep
