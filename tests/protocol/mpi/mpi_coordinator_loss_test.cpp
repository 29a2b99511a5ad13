#include <gtest/gtest.h>

#include <csignal>

#include "protocol/errors.hpp"
#include "protocol/mpi/mpi_transport.hpp"
#include "tests/support/mpi_main.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using test::mpi_session;

constexpr auto long_enough = 60s;

TEST(MpiCoordinatorLoss, IsAMachineErrorAtEveryWorkerAfterWhatWasSent) {
    if (mpi_session().rank() == 0) {
        const auto end = mpi_coordinator(mpi_session());
        for (const WorkerId worker : end->workers()) end->send(worker, to_worker::Stop{});
        for (std::size_t i = 0; i < end->workers().size(); ++i) ASSERT_TRUE(end->receive(long_enough).has_value());
        raise(SIGKILL);
    }
    const auto end = mpi_worker(mpi_session());
    EXPECT_EQ(end->receive(long_enough), ToWorker(to_worker::Stop{}));
    EXPECT_EQ(end->heard(), 1U);
    end->send(to_coordinator::Hello{});
    EXPECT_THROW((void)end->receive(long_enough), MachineError);
    EXPECT_THROW((void)end->receive(0ms), MachineError) << "and it stays one";
    EXPECT_THROW(end->send(to_coordinator::Alive{}), MachineError);
    EXPECT_EQ(end->heard(), 1U);
}

}  // namespace
}  // namespace layersweep
