#include "tests/support/mpi_main.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace layersweep::test {
namespace {

std::optional<MpiSession> session;

/// What a rank other than 0 prints: its failures only.
class FailuresOnly : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& part) override {
        if (!part.failed()) return;
        std::printf("[rank %d] %s:%d: %s\n", session->rank(), part.file_name() == nullptr ? "?" : part.file_name(), part.line_number(),
                    part.summary());
        std::fflush(stdout);
    }
};

bool has_the_expected_size() {
    const char* expected = std::getenv("LAYERSWEEP_TEST_RANKS");
    if (expected != nullptr && std::to_string(session->size()) == expected) return true;
    std::printf("[rank %d] FAILED: %d ranks, LAYERSWEEP_TEST_RANKS says %s\n", session->rank(), session->size(),
                expected == nullptr ? "nothing" : expected);
    return false;
}

}  // namespace

MpiSession& mpi_session() {
    return session.value();
}

int run_all(int argc, char** argv) {
    session.emplace();
    testing::InitGoogleTest(&argc, argv);
    if (session->rank() != 0) {
        auto& listeners = testing::UnitTest::GetInstance()->listeners();
        delete listeners.Release(listeners.default_result_printer());
        listeners.Append(new FailuresOnly);
    }
    const int code = has_the_expected_size() ? RUN_ALL_TESTS() : 1;
    session->set_exit_code(code);
    session.reset();
    return code;
}

}  // namespace layersweep::test

int main(int argc, char** argv) {
    return layersweep::test::run_all(argc, argv);
}
