#pragma once

#include <future>
#include <optional>
#include <string>
#include <thread>

#include "worker/pulse.hpp"
#include "worker/training/task_inputs.hpp"

namespace layersweep {

/// Makes the inputs of one trial in a thread of its own while another trial trains. What it makes is its own until it is taken, and what
/// it was given never changes: nothing else is shared. Called by one thread; its own ends with it, behind the row or data set at hand.
class TaskPreparer {
public:
    struct Prepared {
        Trial trial;
        TaskInputs inputs;
    };

    /// `known`: what need not be made. Does nothing while it is at work: one at a time.
    void begin(const Trial& trial, TaskInputs known);
    /// Whether what was begun last is not ready.
    [[nodiscard]] bool is_at_work() const;
    /// Whether what was begun last, and not taken, feeds the model the same as `trial`.
    [[nodiscard]] bool is_about(const Trial& trial) const;
    /// Waits for what was begun last; nothing where that was taken or failed: the trial itself will tell. The pulse beats while the work
    /// goes on, and only then: who waits for stuck work is stuck.
    [[nodiscard]] std::optional<Prepared> take(Pulse& pulse);

private:
    Pulse progress_;  ///< of the work
    std::optional<Trial> trial_;
    std::future<std::optional<TaskInputs>> made_;
    std::jthread thread_;  ///< last: it uses the progress
};

}  // namespace layersweep
