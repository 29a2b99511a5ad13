#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/truth.hpp"
#include "tests/support/memory_disk.hpp"

namespace layersweep::simulation {

class Session;

/// One sweep from its first start to its end, on virtual time and a simulated disk: coordinators begin, break and begin again until
/// everything is done.
class World {
public:
    explicit World(std::uint64_t seed);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// Throws Violation.
    void run();

    Truth& truth() { return truth_; }
    Chance& chance() { return chance_; }
    [[nodiscard]] const milliseconds& now() const { return now_; }
    test::MemoryDisk& disk() { return disk_; }
    /// A coordinator's call: its process may die here, or the other coordinator get a turn.
    void on_call(Session& session);
    [[nodiscard]] bool predictions_find_no_room() const { return no_room_for_predictions_; }
    /// A line for whoever replays a single seed.
    void note(const std::string& line);
    /// Whose calls reach the disk from now on.
    void runs_now(Session* session) { running_ = session; }
    bool verbose = false;

private:
    void begin_session();
    void turn(Session& session);
    void end(Session& session, const std::string& how);
    void plan_disk_faults();
    void apply_disk_faults();
    void lose_power();
    [[nodiscard]] Session* next_session();

    Chance chance_;
    Truth truth_;
    milliseconds now_{0};
    test::MemoryDisk disk_;
    std::vector<std::unique_ptr<Session>> sessions_;
    int begun_ = 0;
    bool complete_ = false;
    milliseconds next_start_{0};
    struct DiskFault {
        milliseconds begin, end;
        int kind;
        bool active = false;
    };
    std::vector<DiskFault> disk_faults_;
    bool far_machines_ = false;  ///< a second coordinator runs on another one
    bool no_room_for_predictions_ = false;
    Session* running_ = nullptr;
    int nested_ = 0;             ///< turns within a call of another coordinator
    bool power_is_out_ = false;  ///< and the other one does not know it yet
};

}  // namespace layersweep::simulation
