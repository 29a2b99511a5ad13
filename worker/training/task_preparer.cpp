#include "worker/training/task_preparer.hpp"

#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace layersweep {

namespace {

/// Thrown through the work when nobody waits for it any more.
struct NotWanted {};

/// Nothing where it fails: no error leaves the thread.
std::optional<TaskInputs> completed(const std::stop_token& stop, const Trial& trial, TaskInputs inputs, Pulse& progress) {
    try {
        complete(inputs, trial, [&] {
            progress.beat();
            if (stop.stop_requested()) throw NotWanted{};
        });
        return inputs;
    } catch (const NotWanted&) {
    } catch (const std::exception&) {
    }
    return std::nullopt;
}

}  // namespace

void TaskPreparer::begin(const Trial& trial, TaskInputs known) {
    if (is_at_work()) return;
    std::packaged_task<std::optional<TaskInputs>(std::stop_token)> work(
        [this, trial, known = std::move(known)](const std::stop_token& stop) { return completed(stop, trial, known, progress_); });
    auto made = work.get_future();
    try {
        thread_ = std::jthread(std::move(work));
    } catch (const std::system_error&) {
        return;  // no room for a thread: the trial makes its inputs itself
    }
    trial_ = trial;
    made_ = std::move(made);
}

bool TaskPreparer::is_at_work() const {
    return trial_ && made_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}

bool TaskPreparer::is_about(const Trial& trial) const {
    return trial_ && encoding_key(*trial_) == encoding_key(trial);
}

std::optional<TaskPreparer::Prepared> TaskPreparer::take(Pulse& pulse) {
    if (!trial_) return std::nullopt;
    constexpr std::chrono::milliseconds between_looks{100};
    for (auto seen = progress_.count(); made_.wait_for(between_looks) != std::future_status::ready;) {
        const auto now = progress_.count();
        if (std::exchange(seen, now) != now) pulse.beat();
    }
    auto inputs = made_.get();
    const auto trial = std::exchange(trial_, std::nullopt);
    if (!inputs) return std::nullopt;
    return Prepared{*trial, std::move(*inputs)};
}

}  // namespace layersweep
