#include "orchestrator/report/progress_text.hpp"

#include <fmt/format.h>

#include "orchestrator/report/cells.hpp"
#include "orchestrator/report/display.hpp"

namespace layersweep {

std::string standing_text(const Standing& standing) {
    std::string text = fmt::format("{}/{} done", standing.done, standing.total);
    if (standing.running > 0) text += fmt::format(", {} running", standing.running);
    if (standing.set_aside > 0) text += fmt::format(", {} set aside", standing.set_aside);
    if (standing.waiting > 0) text += fmt::format(", {} waiting", standing.waiting);
    if (standing.failed > 0) text += fmt::format(", {} failed attempt{}", standing.failed, standing.failed == 1 ? "" : "s");
    text += ", " + clock_text(standing.elapsed_s);
    const bool work_left = standing.running + standing.waiting > 0;
    if (work_left && standing.left_s) text += fmt::format(", about {} left", clock_text(*standing.left_s));
    return text;
}

std::string finished_text(const Trial& trial, const Result& result) {
    return fmt::format("{} {:.2f} %", printable(label_of(trial)), result.accuracy * 100);
}

std::string failed_text(const Trial& trial, const Attempt& attempt, const TrialFailure& failure) {
    return printable(
        fmt::format("failed {} (attempt {}): {}: {}", label_of(trial), attempt.number, name_of(failure.reason), failure.detail));
}

std::string set_aside_text(const Trial& trial, std::string_view why) {
    return printable(fmt::format("set aside {}: {}", label_of(trial), why));
}

}  // namespace layersweep
