#pragma once

#include <ostream>

#include "orchestrator/progress.hpp"

namespace layersweep {

/// A line per finished trial, failed attempt and notice, for files and pipes. Flushed line by line; ticks print nothing.
class PlainProgress final : public Progress {
public:
    /// `out` must outlive this.
    explicit PlainProgress(std::ostream& out) : out_(out) {}

    void on_finished(const Trial& trial, const Result& result, const Standing& standing) override;
    void on_failed(const Trial& trial, const Attempt& attempt, const TrialFailure& failure, const Standing& standing) override;
    void on_set_aside(const Trial& trial, std::string_view why, const Standing& standing) override;
    void on_tick(const Standing&) override {}
    void on_notice(std::string_view line) override;
    void on_end(const Standing& standing) override;

private:
    std::ostream& out_;
};

}  // namespace layersweep
