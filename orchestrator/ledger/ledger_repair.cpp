#include "orchestrator/ledger/ledger_repair.hpp"

#include <utility>

#include "orchestrator/ledger/ledger_reader.hpp"
#include "orchestrator/ledger/ledger_survey.hpp"
#include "orchestrator/ledger/ledger_writer.hpp"
#include "orchestrator/ledger/salvage.hpp"

namespace layersweep {
namespace {

bool is_sound(const SegmentStore& store) {
    try {
        (void)replay_ledger(store, [](const Event&) {});
        return true;
    } catch (const LedgerDamage&) {
        return false;
    }
}

LifeDescription description_of(const std::vector<SegmentSurvey>& oldest_first, const LifeDescription& here) {
    LifeDescription description = here;
    for (const SegmentSurvey& segment : oldest_first)
        if (segment.header) description = segment.header->life_of;
    description.code_version = here.code_version;
    description.host = here.host;
    description.host_class = here.host_class;
    return description;
}

std::vector<LostBytes> lost_in(const std::vector<SegmentSurvey>& segments) {
    std::vector<LostBytes> lost;
    for (const SegmentSurvey& segment : segments)
        if (segment.role == SegmentRole::counts) lost.insert(lost.end(), segment.unreadable.begin(), segment.unreadable.end());
    return lost;
}

}  // namespace

std::optional<LedgerRepair> repair_ledger(SegmentStore& store, const LifeDescription& here, std::int64_t time_ms) {
    if (is_sound(store)) return std::nullopt;
    // As every life: the segment is there before anything is read, so that whoever wrote the others is fenced.
    const SegmentName name = make_next_segment(store, here.shard).name;

    std::string lines;
    Salvage salvage([&lines](const Event& event) { lines += ledger_line(json_of(event)); });
    std::vector<event::Finished> replaced;
    const auto take = [&](const SegmentSurvey& segment, const Event& event) {
        if (segment.role == SegmentRole::counts) return salvage.apply(event);
        if (const auto* finished = std::get_if<event::Finished>(&event)) replaced.push_back(*finished);
    };
    const auto segments = survey_ledger(store, take, here.shard, name.life);
    for (const event::Finished& finished : replaced) salvage.rescue(finished);
    salvage.end(time_ms);

    SegmentHeader header{.life_of = description_of(segments, here), .name = name, .repaired = lost_in(segments), .time_ms = time_ms};
    store.fill(name, ledger_line(json_of(header)) + lines);
    return LedgerRepair{name, std::move(header.repaired), salvage.results()};
}

}  // namespace layersweep
