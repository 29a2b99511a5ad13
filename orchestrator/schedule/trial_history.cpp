#include "orchestrator/schedule/trial_history.hpp"

#include <utility>

#include <fmt/format.h>

namespace layersweep {

void TrialHistory::apply(const Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
    plan_.apply(event);
}

void TrialHistory::on(const event::LifeBegan& e) {
    if (!e.continued) {
        const auto& status = plan_.status(0);
        if (const auto* running = status.as<trial_state::Running>())
            add_end(e.time_ms, running->attempt, fmt::format("life {} ended while it ran: counts for nobody", life_));
        const auto* aside = status.as<trial_state::SetAside>();
        life_ = e.life;
        if (aside != nullptr && aside->cause == SetAsideCause::no_room) add(e.time_ms, "waits again: there may be room for its gang now");
    }
    life_ = e.life;
}

void TrialHistory::on(const event::Assigned& e) {
    if (e.attempt.key != key_) return;
    const char* what = plan_.status(0).is_waiting() ? "began" : "began though it was not waiting: does not count";
    lines_.push_back({e.time_ms, e.attempt.life, e.attempt.number, e.workers, what});
}

void TrialHistory::on(const event::Finished& e) {
    add_end(e.time_ms, e.attempt,
            fmt::format("finished: accuracy {:.2f} %, in {:.1f} s", e.result.accuracy * 100, e.result.timings.total_s));
}

void TrialHistory::on(const event::Failed& e) {
    add_end(e.time_ms, e.attempt, fmt::format("failed: {}: {}", name_of(e.failure.reason), e.failure.detail));
}

void TrialHistory::on(const event::Abandoned& e) {
    add_end(e.time_ms, e.attempt, "was given up and waits again");
}

void TrialHistory::on(const event::SetAside& e) {
    if (e.key == key_ && plan_.status(0).is_waiting()) add(e.time_ms, "was set aside: " + e.why);
}

void TrialHistory::on(const event::PutBack& e) {
    if (e.key == key_ && plan_.status(0).as<trial_state::SetAside>() != nullptr)
        add(e.time_ms, "was put back: earlier failures are forgiven");
}

void TrialHistory::add(std::int64_t time_ms, std::string what) {
    lines_.push_back({.time_ms = time_ms, .life = life_, .what = std::move(what)});
}

void TrialHistory::add_end(std::int64_t time_ms, const Attempt& attempt, std::string what) {
    if (attempt.key != key_) return;
    HistoryLine line{.time_ms = time_ms, .life = attempt.life, .attempt = attempt.number, .what = std::move(what)};
    if (plan_.running(attempt))
        line.workers = plan_.status(0).as<trial_state::Running>()->workers;
    else
        line.what += " (this attempt was over: does not count)";
    lines_.push_back(std::move(line));
}

}  // namespace layersweep
