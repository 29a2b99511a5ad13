#include "protocol/mpi/mpi_boxes.hpp"

#include <climits>
#include <iterator>

#include "protocol/errors.hpp"
#include "protocol/mpi/backoff.hpp"

namespace layersweep {
namespace {

constexpr std::chrono::seconds drain_timeout{5};

}  // namespace

bool Outbox::send(int to, std::vector<std::uint8_t> bytes) {
    LAYERSWEEP_CHECK(bytes.size() <= INT_MAX, "a message of 2 GiB or more");
    Sending& sending = sendings_.emplace_back();
    sending.bytes = std::move(bytes);
    sending.length = sending.bytes.size();
    auto& [length, body] = sending.transfers;
    if (length.start_send(&sending.length, sizeof sending.length, to, tags_.length) == TransferState::peer_dead) return false;
    return body.start_send(sending.bytes.data(), sending.bytes.size(), to, tags_.bytes) != TransferState::peer_dead;
}

bool Outbox::progress() {
    bool delivered = true;
    for (auto sending = sendings_.begin(); sending != sendings_.end();) {
        bool active = false;
        for (Transfer& transfer : sending->transfers) {
            if (transfer.active() && transfer.test() == TransferState::peer_dead) delivered = false;
            active = active || transfer.active();
        }
        sending = active ? std::next(sending) : sendings_.erase(sending);
    }
    return delivered;
}

void Outbox::drain() {
    Backoff backoff;
    const auto deadline = std::chrono::steady_clock::now() + drain_timeout;
    progress();
    while (!sendings_.empty() && backoff.sleep_until_next(deadline)) progress();
}

bool Inbox::progress() {
    while (true) {
        if (!announced_.active()) {
            if (announced_.start_receive(&length_, sizeof length_, source_, tags_.length) == TransferState::peer_dead) return false;
        }
        const TransferState state = announced_.test();
        if (state != TransferState::done) return state == TransferState::under_way;
        start_bytes(announced_.source());
    }
}

void Inbox::start_bytes(int from) {
    LAYERSWEEP_CHECK(length_ <= INT_MAX, "a message of 2 GiB or more");
    auto& queue = receiving_[from];
    Receiving& receiving = queue.emplace_back();
    receiving.bytes.resize(length_);
    const TransferState state = receiving.transfer.start_receive(receiving.bytes.data(), receiving.bytes.size(), from, tags_.bytes);
    if (state == TransferState::peer_dead) queue.pop_back();
}

std::optional<Inbox::Message> Inbox::take() {
    for (auto& [from, queue] : receiving_) {
        if (queue.empty()) continue;
        switch (queue.front().transfer.test()) {
            case TransferState::under_way:
                break;
            case TransferState::peer_dead:
                abandon(from);
                break;
            case TransferState::done: {
                Message message{from, std::move(queue.front().bytes)};
                queue.pop_front();
                return message;
            }
        }
    }
    return std::nullopt;
}

bool Inbox::expects_from(int rank) const {
    const auto found = receiving_.find(rank);
    return found != receiving_.end() && !found->second.empty();
}

void Inbox::abandon(int rank) {
    abandoned_.splice(abandoned_.end(), receiving_[rank]);
}

}  // namespace layersweep
