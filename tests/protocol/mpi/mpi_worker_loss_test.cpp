#include <gtest/gtest.h>

#include <csignal>

#include "protocol/errors.hpp"
#include "protocol/mpi/mpi_transport.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/mpi_main.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using test::mpi_session;

constexpr auto long_enough = 60s;
constexpr WorkerId victim{1};

template <class T>
T expect(const std::optional<Incoming>& incoming) {
    if (!incoming || !std::holds_alternative<T>(*incoming)) throw MachineError("something else came, or nothing");
    return std::get<T>(*incoming);
}

/// Dies when it is told to, at once after it has sent its last message; the others answer every Abandon with Abandoned.
void be_a_worker() {
    const auto end = mpi_worker(mpi_session());
    while (true) {
        const auto message = end->receive(long_enough);
        ASSERT_TRUE(message.has_value()) << "the coordinator is silent";
        if (std::holds_alternative<to_worker::Stop>(*message)) return;
        const Attempt attempt = std::get<to_worker::Abandon>(*message).attempt;
        end->send(to_coordinator::Abandoned{attempt, ""});
        if (mpi_session().rank() == victim.rank) {
            while (end->receive(200ms)) {
            }
            raise(SIGKILL);
        }
    }
}

void expect_answers(CoordinatorTransport& end, std::uint32_t number) {
    for (const WorkerId worker : end.workers()) {
        if (worker != victim) end.send(worker, to_worker::Abandon{{.key = {"k"}, .number = number}});
    }
    for (std::size_t i = 1; i < end.workers().size(); ++i) {
        const auto from = expect<FromWorker>(end.receive(long_enough));
        EXPECT_NE(from.worker, victim);
        EXPECT_EQ(std::get<to_coordinator::Abandoned>(from.message).attempt.number, number);
    }
}

TEST(MpiWorkerLoss, IsReportedOnceAndTheOthersGoOn) {
    if (mpi_session().rank() != 0) return be_a_worker();
    const auto end = mpi_coordinator(mpi_session());
    expect_answers(*end, 1);
    end->send(victim, to_worker::Abandon{{.key = {"k"}, .number = 2}});
    EXPECT_EQ(expect<FromWorker>(end->receive(long_enough)).worker, victim) << "its last message comes before its loss";
    EXPECT_EQ(expect<WorkerLost>(end->receive(long_enough)).worker, victim);
    end->send(victim, to_worker::Stop{});
    for (std::uint32_t number = 3; number < 20; ++number) expect_answers(*end, number);
    EXPECT_FALSE(end->receive(100ms).has_value()) << "a loss is told once";
    for (const WorkerId worker : end->workers()) end->send(worker, to_worker::Stop{});
}

}  // namespace
}  // namespace layersweep
