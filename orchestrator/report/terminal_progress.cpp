#include "orchestrator/report/terminal_progress.hpp"

#include <utility>

#include "orchestrator/report/display.hpp"
#include "orchestrator/report/progress_text.hpp"

namespace layersweep {
namespace {

constexpr double least_interval_s = 0.1;
constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

TerminalProgress::TerminalProgress(std::ostream& out, std::function<std::size_t()> columns) : out_(out), columns_(std::move(columns)) {}

void TerminalProgress::on_finished(const Trial& trial, const Result& result, const Standing& standing) {
    last_finished_ = finished_text(trial, result);
    on_tick(standing);
}

void TerminalProgress::on_failed(const Trial& trial, const Attempt& attempt, const TrialFailure& failure, const Standing& standing) {
    scroll(failed_text(trial, attempt, failure));
    draw(standing);
}

void TerminalProgress::on_set_aside(const Trial& trial, std::string_view why, const Standing& standing) {
    scroll(set_aside_text(trial, why));
    draw(standing);
}

void TerminalProgress::on_tick(const Standing& standing) {
    if (drawn_at_s_ < 0 || standing.elapsed_s - drawn_at_s_ >= least_interval_s) draw(standing);
}

void TerminalProgress::on_notice(std::string_view line) {
    scroll(printable(line));
    out_ << line_ << std::flush;
}

void TerminalProgress::on_end(const Standing& standing) {
    draw(standing);
    out_ << '\n' << std::flush;
    line_.clear();
}

void TerminalProgress::draw(const Standing& standing) {
    std::string text = standing_text(standing);
    if (!last_finished_.empty()) text += "; " + last_finished_;
    // A character in the last column would make some terminals wrap.
    const auto columns = columns_();
    line_ = fitted(text, columns > 0 ? columns - 1 : 0);
    drawn_at_s_ = standing.elapsed_s;
    out_ << erase_line << line_ << std::flush;
}

void TerminalProgress::scroll(std::string_view line) {
    out_ << erase_line << line << '\n';
}

}  // namespace layersweep
