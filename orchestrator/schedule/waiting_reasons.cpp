#include "orchestrator/schedule/waiting_reasons.hpp"

#include <fmt/format.h>

namespace layersweep {
namespace {

bool a_suspected_trial_runs(const Plan& plan, const Scheduler& scheduler) {
    for (std::size_t trial = 0; trial < plan.size(); ++trial)
        if (plan.status(trial).as<trial_state::Running>() != nullptr && scheduler.is_suspected(plan, trial)) return true;
    return false;
}

std::string turn_text(std::size_t before) {
    if (before == 0) return "it is the next in line";
    return before == 1 ? "its turn comes after 1 other trial that waits: the longest first"
                       : fmt::format("its turn comes after {} others that wait: the longest first", before);
}

}  // namespace

std::vector<std::string> waiting_reasons(const Plan& plan, const Scheduler& scheduler, std::size_t trial, const WaitingOutlook& outlook) {
    std::vector<std::string> reasons;
    if (!outlook.somebody_runs_it) reasons.emplace_back("nobody runs the sweep: the same `layersweep run` command goes on");
    if (scheduler.is_suspected(plan, trial))
        reasons.emplace_back("it is suspected of killing its workers: it runs alone, when nothing else is left");
    if (outlook.somebody_runs_it && a_suspected_trial_runs(plan, scheduler))
        reasons.emplace_back("a trial that is suspected of killing its workers runs alone now");
    if (outlook.trials_before) reasons.push_back(turn_text(*outlook.trials_before));
    if (const std::size_t gang = scheduler.gang(trial); gang > 1)
        reasons.push_back(fmt::format("its gang of {} needs as many idle workers at the same time", gang));
    if (const auto& failure = plan.status(trial).last_failure)
        reasons.push_back(fmt::format("it is to be tried again; its last failure: {}: {}", name_of(failure->reason), failure->detail));
    return reasons;
}

}  // namespace layersweep
