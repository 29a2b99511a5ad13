#include "protocol/in_process/in_process_transport.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "protocol/codec.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// What one worker sent, or that it was killed.
struct Letter {
    WorkerId from;
    bool killed = false;
    Bytes bytes;
};

/// The queues between the ends.
class Exchange {
public:
    explicit Exchange(int workers) : to_workers_(static_cast<std::size_t>(workers)) {}

    [[nodiscard]] int workers() const { return static_cast<int>(to_workers_.size()); }

    void to_worker(WorkerId to, Bytes bytes) {
        std::lock_guard lock(mutex_);
        Mailbox& box = mailbox(to);
        if (box.killed) return;
        box.letters.push_back(std::move(bytes));
        ++box.heard;
        changed_.notify_all();
    }

    void to_coordinator(WorkerId from, Bytes bytes) {
        std::lock_guard lock(mutex_);
        if (mailbox(from).killed || coordinator_gone_) throw_gone(from);
        to_coordinator_.push_back({.from = from, .bytes = std::move(bytes)});
        changed_.notify_all();
    }

    std::optional<Letter> at_coordinator(std::chrono::milliseconds timeout) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, timeout, [&] { return !to_coordinator_.empty(); });
        return take_first(to_coordinator_);
    }

    std::optional<Bytes> at_worker(WorkerId worker, std::chrono::milliseconds timeout) {
        std::unique_lock lock(mutex_);
        Mailbox& box = mailbox(worker);
        changed_.wait_for(lock, timeout, [&] { return !box.letters.empty() || box.killed || coordinator_gone_; });
        if (box.killed || (box.letters.empty() && coordinator_gone_)) throw_gone(worker);
        return take_first(box.letters);
    }

    [[nodiscard]] std::uint64_t heard_by(WorkerId worker) {
        std::lock_guard lock(mutex_);
        return mailbox(worker).heard;
    }

    void kill(WorkerId worker) {
        std::lock_guard lock(mutex_);
        Mailbox& box = mailbox(worker);
        if (box.killed) return;
        box.killed = true;
        box.letters.clear();
        to_coordinator_.push_back({.from = worker, .killed = true});
        changed_.notify_all();
    }

    void coordinator_leaves() {
        std::lock_guard lock(mutex_);
        coordinator_gone_ = true;
        changed_.notify_all();
    }

private:
    struct Mailbox {
        std::deque<Bytes> letters;
        std::uint64_t heard = 0;
        bool killed = false;
    };

    Mailbox& mailbox(WorkerId worker) {
        LAYERSWEEP_CHECK(worker.rank >= 1 && worker.rank <= workers(), "there is no worker " + std::to_string(worker.rank));
        return to_workers_[static_cast<std::size_t>(worker.rank - 1)];
    }

    [[noreturn]] void throw_gone(WorkerId worker) {
        const std::string who = "worker " + std::to_string(worker.rank);
        throw MachineError(mailbox(worker).killed ? who + " was killed" : who + ": the coordinator is gone");
    }

    template <class T>
    static std::optional<T> take_first(std::deque<T>& queue) {
        if (queue.empty()) return std::nullopt;
        T first = std::move(queue.front());
        queue.pop_front();
        return first;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Letter> to_coordinator_;
    std::vector<Mailbox> to_workers_;
    bool coordinator_gone_ = false;
};

class CoordinatorEnd : public CoordinatorTransport {
public:
    explicit CoordinatorEnd(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    ~CoordinatorEnd() override { exchange_->coordinator_leaves(); }

    [[nodiscard]] std::vector<WorkerId> workers() const override {
        std::vector<WorkerId> all;
        for (int rank = 1; rank <= exchange_->workers(); ++rank) all.push_back({rank});
        return all;
    }
    void send(WorkerId to, const ToWorker& message) override { exchange_->to_worker(to, encode(message)); }
    [[nodiscard]] std::optional<Incoming> receive(std::chrono::milliseconds timeout) override {
        const auto letter = exchange_->at_coordinator(timeout);
        if (!letter) return std::nullopt;
        if (letter->killed) return WorkerLost{letter->from, "killed"};
        return FromWorker{letter->from, decode_to_coordinator(letter->bytes)};
    }

private:
    std::shared_ptr<Exchange> exchange_;
};

class WorkerEnd : public WorkerTransport {
public:
    WorkerEnd(std::shared_ptr<Exchange> exchange, WorkerId self) : exchange_(std::move(exchange)), self_(self) {}

    void send(const ToCoordinator& message) override { exchange_->to_coordinator(self_, encode(message)); }
    [[nodiscard]] std::uint64_t heard() const override { return exchange_->heard_by(self_); }
    [[nodiscard]] std::optional<ToWorker> receive(std::chrono::milliseconds timeout) override {
        const auto bytes = exchange_->at_worker(self_, timeout);
        if (!bytes) return std::nullopt;
        return decode_to_worker(*bytes);
    }

private:
    std::shared_ptr<Exchange> exchange_;
    WorkerId self_;
};

}  // namespace

InProcessTransport in_process_transport(int workers) {
    LAYERSWEEP_CHECK(workers >= 1, "a transport needs a worker");
    const auto exchange = std::make_shared<Exchange>(workers);
    InProcessTransport transport;
    transport.coordinator = std::make_unique<CoordinatorEnd>(exchange);
    for (int rank = 1; rank <= workers; ++rank) transport.workers.push_back(std::make_unique<WorkerEnd>(exchange, WorkerId{rank}));
    transport.kill = [exchange](WorkerId worker) { exchange->kill(worker); };
    return transport;
}

}  // namespace layersweep
