#include "orchestrator/report/plain_progress.hpp"

#include <fmt/format.h>

#include "orchestrator/report/display.hpp"
#include "orchestrator/report/progress_text.hpp"

namespace layersweep {
namespace {

std::string place(const Standing& standing) {
    return fmt::format("[{}] {}/{} ", clock_text(standing.elapsed_s), standing.done, standing.total);
}

}  // namespace

void PlainProgress::on_finished(const Trial& trial, const Result& result, const Standing& standing) {
    out_ << place(standing) << finished_text(trial, result) << '\n' << std::flush;
}

void PlainProgress::on_failed(const Trial& trial, const Attempt& attempt, const TrialFailure& failure, const Standing& standing) {
    out_ << place(standing) << failed_text(trial, attempt, failure) << '\n' << std::flush;
}

void PlainProgress::on_set_aside(const Trial& trial, std::string_view why, const Standing& standing) {
    out_ << place(standing) << set_aside_text(trial, why) << '\n' << std::flush;
}

void PlainProgress::on_notice(std::string_view line) {
    out_ << printable(line) << '\n' << std::flush;
}

void PlainProgress::on_end(const Standing& standing) {
    out_ << standing_text(standing) << '\n' << std::flush;
}

}  // namespace layersweep
