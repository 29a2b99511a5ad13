#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>

#include "orchestrator/progress.hpp"

namespace layersweep {

/// One line at the bottom of a terminal, rewritten in place and always narrower than the terminal; failures and notices scroll away above
/// it. Rewritten at most ten times a second of the run's own clock, and always at the end.
class TerminalProgress final : public Progress {
public:
    /// `columns` is asked before every line, since terminals change their width. `out` must outlive this.
    TerminalProgress(std::ostream& out, std::function<std::size_t()> columns);

    void on_finished(const Trial& trial, const Result& result, const Standing& standing) override;
    void on_failed(const Trial& trial, const Attempt& attempt, const TrialFailure& failure, const Standing& standing) override;
    void on_set_aside(const Trial& trial, std::string_view why, const Standing& standing) override;
    void on_tick(const Standing& standing) override;
    void on_notice(std::string_view line) override;
    void on_end(const Standing& standing) override;

private:
    void draw(const Standing& standing);
    void scroll(std::string_view line);

    std::ostream& out_;
    std::function<std::size_t()> columns_;
    std::string last_finished_;
    std::string line_;
    double drawn_at_s_ = -1;
};

}  // namespace layersweep
