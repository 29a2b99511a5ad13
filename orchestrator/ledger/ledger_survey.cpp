#include "orchestrator/ledger/ledger_survey.hpp"

#include <algorithm>
#include <functional>
#include <istream>
#include <utility>

#include "orchestrator/ledger/segment_stretches.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

/// Its header, and whether anything of it can be read.
struct FirstLook {
    SegmentSurvey survey;
    bool readable = false;
};

FirstLook look_at(const SegmentStore& store, const SegmentName& name) {
    FirstLook look{.survey = {.name = name}};
    SegmentSurvey& survey = look.survey;
    survey.bytes = survey.limit = store.size(name);
    for_each_stretch(*store.open(name), survey.bytes, [&](const SegmentStretch& stretch) {
        if (!stretch.json) return;
        look.readable = true;
        if (stretch.begin > 0) return;
        survey.header = header_of(*stretch.json);
        if (survey.header && survey.header->name != name) survey.header.reset();
    });
    return look;
}

std::vector<FirstLook> look_at_all(const SegmentStore& store, std::uint32_t shard, std::optional<std::uint32_t> first_ignored_life) {
    auto names = store.names();
    std::erase_if(names,
                  [&](const SegmentName& name) { return name.shard != shard || (first_ignored_life && name.life >= *first_ignored_life); });
    std::ranges::sort(names, std::ranges::greater{}, &SegmentName::life);
    std::vector<FirstLook> looks;
    for (const SegmentName& name : names) looks.push_back(look_at(store, name));
    return looks;
}

/// Follows the headers from the newest segment to the first. Where one is damaged nobody knows which the next is: the next on the disk.
class Chain {
public:
    /// Newest first.
    void add(FirstLook look) {
        tell_missing(look.survey.name);
        SegmentSurvey& survey = look.survey;
        const bool is_next = awaited_ ? survey.name == awaited_->name : look.readable;
        survey.role = !look.readable && !is_next ? SegmentRole::never_began : is_next && !ended_ ? role_ : SegmentRole::passed_over;
        if (is_next && !ended_) follow(survey);
        segments_.push_back(std::move(survey));
    }
    [[nodiscard]] std::vector<SegmentSurvey> oldest_first() {
        tell_missing({});
        std::ranges::reverse(segments_);
        return std::move(segments_);
    }

private:
    void tell_missing(const SegmentName& next) {
        if (!awaited_ || next.life >= awaited_->name.life) return;
        segments_.push_back({.name = awaited_->name, .missing = true, .limit = awaited_->bytes, .role = role_});
        awaited_.reset();
    }
    void follow(SegmentSurvey& survey) {
        if (awaited_) survey.limit = awaited_->bytes;
        awaited_.reset();
        if (!survey.header) return;
        const auto& previous = survey.header->previous;
        if (previous && previous->name.life < survey.name.life) awaited_ = previous;
        if (previous) return;
        ended_ = survey.header->repaired.empty();
        role_ = SegmentRole::replaced;
    }

    std::vector<SegmentSurvey> segments_;
    std::optional<PreviousSegment> awaited_;
    SegmentRole role_ = SegmentRole::counts;
    bool ended_ = false;  ///< the first segment is found
};

void add_unreadable(SegmentSurvey& segment, std::uint64_t begin, std::uint64_t end) {
    auto& all = segment.unreadable;
    if (!all.empty() && all.back().end == begin)
        all.back().end = end;
    else
        all.push_back({segment.name, begin, end});
}

void read_events(const SegmentStore& store, SegmentSurvey& segment, const OnSegmentEvent& on_event) {
    if (segment.header)
        on_event(segment, event::LifeBegan{segment.name.life, segment.header->continued, segment.header->time_ms});
    else
        add_unreadable(segment, 0, 0);
    for_each_stretch(*store.open(segment.name), segment.limit, [&](const SegmentStretch& stretch) {
        if (stretch.begin == 0 && segment.header) return;
        if (!stretch.json) return add_unreadable(segment, stretch.begin, stretch.end);
        std::optional<Event> event;
        try {
            event = event_of(*stretch.json);
        } catch (const MachineError&) {  // a known kind that lacks something
            return add_unreadable(segment, stretch.begin, stretch.end);
        }
        ++segment.events;
        if (event) on_event(segment, *event);
    });
}

}  // namespace

std::vector<SegmentSurvey> survey_ledger(const SegmentStore& store, const OnSegmentEvent& on_event, std::uint32_t shard,
                                         std::optional<std::uint32_t> first_ignored_life) {
    Chain chain;
    for (FirstLook& look : look_at_all(store, shard, first_ignored_life)) chain.add(std::move(look));
    auto segments = chain.oldest_first();
    for (SegmentSurvey& segment : segments) {
        if (segment.role != SegmentRole::counts && segment.role != SegmentRole::replaced) continue;
        if (!segment.missing) read_events(store, segment, on_event);
        if (segment.bytes < segment.limit) add_unreadable(segment, segment.bytes, segment.limit);
    }
    return segments;
}

}  // namespace layersweep
