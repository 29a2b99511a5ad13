#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "protocol/mpi/mpi_wire.hpp"

namespace layersweep {

/// The tags of one direction. A message is two: its length, whose pending receive is also what reports the dead, and its bytes.
struct Tags {
    int length = 0;
    int bytes = 0;
};

/// Messages on their way out, each with its buffer until MPI is done with it.
class Outbox {
public:
    explicit Outbox(Tags tags) : tags_(tags) {}
    /// False: the destination is dead, the message dropped.
    bool send(int to, std::vector<std::uint8_t> bytes);
    /// False: a message could not be delivered because its destination died.
    bool progress();
    /// Waits for what is on its way, a few seconds at most.
    void drain();

private:
    struct Sending {
        std::vector<std::uint8_t> bytes;
        std::uint64_t length = 0;
        std::array<Transfer, 2> transfers;
    };
    Tags tags_;
    std::list<Sending> sendings_;
};

/// Messages on their way in, from one source or any. Those of one sender are given out in the order sent, however large each is.
class Inbox {
public:
    struct Message {
        int from = 0;
        std::vector<std::uint8_t> bytes;
    };

    Inbox(int source, Tags tags) : source_(source), tags_(tags) {}
    /// Starts receiving whatever was announced. False: a rank that could send here is dead.
    bool progress();
    std::optional<Message> take();
    [[nodiscard]] bool expects_from(int rank) const;
    /// No more of what is on its way from this rank; the buffers stay, MPI may hold on to them.
    void abandon(int rank);
    /// Stops listening.
    void close() { announced_.cancel(); }

private:
    struct Receiving {
        std::vector<std::uint8_t> bytes;
        Transfer transfer;
    };
    void start_bytes(int from);

    int source_;
    Tags tags_;
    std::uint64_t length_ = 0;
    Transfer announced_;
    std::map<int, std::list<Receiving>> receiving_;
    std::list<Receiving> abandoned_;
};

}  // namespace layersweep
