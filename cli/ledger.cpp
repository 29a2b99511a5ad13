#include <fmt/format.h>

#include "cli/begun_here.hpp"
#include "cli/commands.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/clock.hpp"
#include "orchestrator/ledger/holder.hpp"
#include "orchestrator/ledger/ledger_reader.hpp"
#include "orchestrator/ledger/ledger_repair.hpp"
#include "orchestrator/ledger/ledger_survey.hpp"
#include "orchestrator/report/display.hpp"

namespace layersweep {

namespace {

std::string count_of(std::uint64_t count, const char* noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string lost_text(const LostBytes& lost) {
    if (lost.begin == lost.end) return fmt::format("{}: the header", lost.segment.text());
    return fmt::format("{}: bytes {} to {}", lost.segment.text(), lost.begin, lost.end - 1);
}

/// How many bytes count and what stands behind them; `newest`: what a replay found of this very segment.
std::string content_text(const SegmentSurvey& segment, const LedgerEnd* newest) {
    const auto counting = newest ? newest->counting_bytes : segment.limit;
    std::string text = fmt::format("{} count, {}", count_of(counting, "byte"), count_of(segment.events, "event"));
    if (segment.bytes > counting) text += fmt::format(", {} behind them ignored", count_of(segment.bytes - counting, "byte"));
    if (segment.header && segment.header->continued) text += "; continued: the same coordinator went on in it";
    if (segment.header && !segment.header->repaired.empty()) text += "; repaired: stands for all before it";
    return text;
}

std::string state_text(const SegmentSurvey& segment, const LedgerEnd* newest) {
    if (segment.missing) return "missing, and a later segment goes on from it";
    switch (segment.role) {
        case SegmentRole::never_began:
            return "nothing of it counts: its life ended before it began";
        case SegmentRole::passed_over:
            return "nothing of it counts: it was fenced before it began";
        case SegmentRole::replaced:
            return "replaced by a repaired segment";
        case SegmentRole::counts:
            break;
    }
    return content_text(segment, newest);
}

/// `end`: of a replay; nullptr where the ledger is damaged.
void print_segments(const std::vector<SegmentSurvey>& segments, const LedgerEnd* end) {
    for (const SegmentSurvey& segment : segments) {
        const bool is_newest = end != nullptr && end->newest && end->newest->name == segment.name;
        fmt::print("{}  life {}  {}  {}  {}\n", segment.name.text(), segment.name.life,
                   time_text(segment.header ? segment.header->time_ms : 0),
                   segment.header && !segment.header->life_of.host.empty() ? printable(segment.header->life_of.host) : "unknown host",
                   state_text(segment, is_newest ? end : nullptr));
        if (segment.role != SegmentRole::counts || is_newest) continue;
        for (const LostBytes& lost : segment.unreadable) fmt::print("  cannot be read: {}\n", lost_text(lost));
    }
}

void refuse_no_ledger(const std::string& folder, const SegmentStore& store) {
    if (store.names().empty())
        throw ConfigError(ResultsFolder{folder}.ledger().string(), "there is no ledger here", "no run has begun in this folder",
                          "name the folder that `layersweep run` wrote, results/<sweep> unless --results said otherwise");
}

ExitCode check(const SegmentStore& store) {
    const auto segments = survey_ledger(store, [](const SegmentSurvey&, const Event&) {});
    std::uint64_t events = 0;
    for (const SegmentSurvey& segment : segments)
        if (segment.role == SegmentRole::counts) events += segment.events;
    LedgerEnd end;
    try {
        end = replay_ledger(store, [](const Event&) {});
    } catch (const LedgerDamage&) {
        print_segments(segments, nullptr);
        throw;
    }
    print_segments(segments, &end);
    fmt::print("the ledger is sound: {}\n", count_of(events, "event"));
    return ExitCode::done;
}

ExitCode repair(SegmentStore& store) {
    const auto repaired = repair_ledger(store, begun_here({}), SystemClock().unix_ms());
    if (!repaired) {
        fmt::print("the ledger is sound: nothing was written\n");
        return ExitCode::done;
    }
    for (const LostBytes& lost : repaired->lost) fmt::print("lost        {}\n", lost_text(lost));
    fmt::print("repaired    {}: {} and all else that can be read; the older segments stay as they are\n", store.where(repaired->segment),
               count_of(repaired->results, "result"));
    fmt::print("the same `layersweep run` command goes on from here and runs again what is lost\n");
    return check(store);
}

}  // namespace

ExitCode ledger_check_command(const LedgerCheckOptions& options) {
    const auto folder = existing_results(options.results);
    SegmentFolder store({folder});
    refuse_no_ledger(folder, store);
    if (!options.repair) return check(store);
    const LedgerHolder holder({folder}, current_process(), take_over_if(options.take_over));
    return repair(store);
}

}  // namespace layersweep
