#include "orchestrator/ledger/ledger_reader.hpp"

#include "protocol/hash.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/memory_disk.hpp"

using namespace layersweep;

namespace {

/// A line that begins a JSON text gets the checksum that it should have, since no fuzzer finds one.
std::string with_checksums(std::string_view lines) {
    std::string segment;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        if (line.starts_with('{')) segment += hash64(line) + ' ';
        segment.append(line);
        lines.remove_prefix(line.size());
        if (lines.empty()) break;
        segment += '\n';
        lines.remove_prefix(1);
    }
    return segment;
}

}  // namespace

/// The input is the segments of the lives 1, 2, …, with a zero byte between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::MemoryDisk disk;
    std::string_view rest = test::text_of(data, size);
    for (std::uint32_t life = 1; !rest.empty(); ++life) {
        const std::string_view segment = rest.substr(0, rest.find('\0'));
        disk.overwrite(life, with_checksums(segment));
        rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
    }
    (void)test::accepted<MachineError>([&] {
        const LedgerEnd end = replay_ledger(disk, [](const Event&) {});
        LAYERSWEEP_CHECK(!end.newest || end.newest->name.life <= end.highest_life, "the newest life is above the highest");
        LAYERSWEEP_CHECK(!end.newest || end.counting_bytes + end.ignored_bytes == disk.size(end.newest->name),
                         "bytes are not accounted for");
    });
    return 0;
}
