#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/codec.hpp"
#include "protocol/errors.hpp"
#include "protocol/transport.hpp"
#include "tests/support/manual_clock.hpp"

namespace layersweep::test {

/// A coordinator's transport whose workers are scripted. Every message goes through the codec and back. What was sent is taken by the
/// test piece by piece; what is left at the end is a failure.
class RecordingTransport final : public CoordinatorTransport {
public:
    using Script = std::function<void(WorkerId worker, const ToWorker& message)>;

    RecordingTransport(int workers, ManualClock& clock) : workers_(workers), clock_(clock) {}
    ~RecordingTransport() override {
        for (const auto& [worker, message] : sent_)
            ADD_FAILURE() << "nobody expected a message of kind " << message.index() << " to worker " << worker.rank;
    }

    int alive_sent = 0;  ///< words that only say that the coordinator lives

    /// How workers react to what they are sent; without a script they are silent.
    void react(Script script) { script_ = std::move(script); }
    void say(int rank, const ToCoordinator& message) { incoming_.emplace_back(FromWorker{{rank}, decode_to_coordinator(encode(message))}); }
    void lose(int rank, std::string why) { incoming_.emplace_back(WorkerLost{{rank}, std::move(why)}); }
    /// Called when the coordinator waits and nothing is there.
    void when_quiet(std::function<void()> action) { quiet_ = std::move(action); }

    /// Takes the oldest message to this worker; a failure where it is not of this kind.
    template <class Message>
    Message expect(int rank) {
        for (auto found = sent_.begin(); found != sent_.end(); ++found) {
            if (found->first.rank != rank) continue;
            const ToWorker message = found->second;
            sent_.erase(found);
            if (const auto* wanted = std::get_if<Message>(&message)) return *wanted;
            ADD_FAILURE() << "worker " << rank << " was sent a message of kind " << message.index();
            return {};
        }
        ADD_FAILURE() << "worker " << rank << " was sent nothing more";
        return {};
    }
    /// Takes all messages of one kind, in the order sent.
    template <class Message>
    std::vector<std::pair<WorkerId, Message>> take_all() {
        std::vector<std::pair<WorkerId, Message>> taken;
        for (const auto& [worker, message] : sent_)
            if (const auto* wanted = std::get_if<Message>(&message)) taken.emplace_back(worker, *wanted);
        std::erase_if(sent_, [](const auto& entry) { return std::holds_alternative<Message>(entry.second); });
        return taken;
    }

    [[nodiscard]] std::vector<WorkerId> workers() const override {
        std::vector<WorkerId> all;
        for (int rank = 1; rank <= workers_; ++rank) all.push_back({rank});
        return all;
    }
    void send(WorkerId to, const ToWorker& message) override {
        const ToWorker arrived = decode_to_worker(encode(message));
        if (std::holds_alternative<to_worker::Alive>(arrived)) {
            ++alive_sent;
            return;
        }
        sent_.emplace_back(to, arrived);
        if (script_) script_(to, arrived);
    }
    [[nodiscard]] std::optional<Incoming> receive(std::chrono::milliseconds timeout) override {
        if (incoming_.empty() && timeout.count() > 0) {
            clock_.advance(timeout);
            if (++quiet_waits_ > most_quiet_waits) throw MachineError("the coordinator waits for ever");
            if (quiet_) quiet_();
            return std::nullopt;
        }
        if (incoming_.empty()) return std::nullopt;
        Incoming next = std::move(incoming_.front());
        incoming_.pop_front();
        return next;
    }

private:
    static constexpr int most_quiet_waits = 1000;

    int workers_;
    ManualClock& clock_;
    Script script_;
    std::function<void()> quiet_;
    std::deque<Incoming> incoming_;
    std::deque<std::pair<WorkerId, ToWorker>> sent_;
    int quiet_waits_ = 0;
};

}  // namespace layersweep::test
