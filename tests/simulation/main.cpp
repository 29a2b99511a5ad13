// Runs the shipped coordinator, plan, scheduler, ledger and messages through simulated sweeps, one per seed.
//   simulation [--seeds N] [--first S]     every seed; the first violation ends it with 1 and says how to replay it
//   simulation --seed S                    one seed, every event told
//   simulation --caught [--seeds N]        the other way round: 0 where some seed shows a violation (for planted mutants)
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>

#include "tests/simulation/world.hpp"

namespace {

using namespace layersweep::simulation;

constexpr std::uint64_t enough_for_every_fault = 2000;
constexpr const char* every_fault[] = {"asked to stop",
                                       "attempt failed once",
                                       "bad surroundings",
                                       "coordinator killed",
                                       "disk full",
                                       "fenced coordinator",
                                       "folder away",
                                       "gave up waiting for the disk",
                                       "killed while it began",
                                       "late word of a worker that was given up",
                                       "messages reordered",
                                       "no room for predictions",
                                       "not a number",
                                       "out of memory",
                                       "power lost",
                                       "predictions full",
                                       "short writes",
                                       "sync failed",
                                       "torn line",
                                       "trial that always fails",
                                       "trial that kills its worker",
                                       "two coordinators at once",
                                       "unsynced bytes lost",
                                       "worker died",
                                       "worker hung",
                                       "worker quarantined",
                                       "worker silent"};

struct Arguments {
    std::uint64_t first = 1, seeds = 2000;
    bool one = false, caught = false;
};

std::optional<std::string> violation_of(std::uint64_t seed, bool verbose, FaultCounts& counts) {
    try {
        World world(seed);
        world.verbose = verbose;
        world.run();
        for (const auto& [fault, count] : world.truth().faults) counts[fault] += count;
        return std::nullopt;
    } catch (const Violation& violation) {
        return violation.what;
    } catch (const std::exception& error) {
        return std::string("an exception: ") + error.what();
    }
}

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--caught") arguments.caught = true;
        if (i + 1 == argc) continue;
        if (name == "--seeds") arguments.seeds = std::stoull(argv[i + 1]);
        if (name == "--first") arguments.first = std::stoull(argv[i + 1]);
        if (name == "--seed") arguments = {.first = std::stoull(argv[i + 1]), .seeds = 1, .one = true};
    }
    return arguments;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    FaultCounts counts;
    for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
        const auto violation = violation_of(seed, arguments.one, counts);
        if (!violation) continue;
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation->c_str());
        if (arguments.caught) return 0;
        std::printf("to see it alone: %s --seed %llu\n", argv[0], static_cast<unsigned long long>(seed));
        return 1;
    }
    for (const char* fault : every_fault) counts[fault] += 0;
    bool all_seen = true;
    for (const auto& [fault, count] : counts) {
        std::printf("%9lld  %s\n", static_cast<long long>(count), fault.c_str());
        all_seen = all_seen && count > 0;
    }
    std::printf("%llu seeds, 0 violations\n", static_cast<unsigned long long>(arguments.seeds));
    if (arguments.caught) return 1;
    if (all_seen || arguments.seeds < enough_for_every_fault) return 0;
    std::printf("a kind of fault never happened: such a simulation shows nothing of it\n");
    return 1;
}
