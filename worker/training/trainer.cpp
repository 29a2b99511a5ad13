#include "worker/training/trainer.hpp"

#include <c10/util/Exception.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "protocol/errors.hpp"
#include "worker/training/trial_run.hpp"

namespace layersweep {

namespace {

/// Whether this node sees all that the trial reads: the grid's check did, where it ran.
bool inputs_are_here(const Trial& trial) {
    std::vector<std::string> paths{trial.model.path};
    if (!trial.dataset.folder.empty()) paths.push_back(trial.dataset.folder);
    for (const auto* files : {&trial.dataset.train, &trial.dataset.test, &trial.dataset.validation})
        paths.insert(paths.end(), files->begin(), files->end());
    return std::all_of(paths.begin(), paths.end(), [](const auto& path) { return ::access(path.c_str(), R_OK) == 0; });
}

/// Only a trial that had the memory for itself needs too much: else it is tried again, without the tensors that were kept there.
TrialFailed out_of_memory(WarmStore& warm, const std::string& detail) {
    if (warm.pristine().bytes() == 0) return {{FailureReason::out_of_memory, detail}};
    warm.pristine().clear();
    return {{FailureReason::internal, detail + " (beside pristine tensors, which are gone now)"}};
}

}  // namespace

Result run_trial(const Trial& trial, Collective& collective, WarmStore& warm, const TrialHooks& hooks) {
    try {
        return TrialRun(trial, collective, warm, hooks).run();
    } catch (const std::bad_alloc&) {
        throw out_of_memory(warm, "the worker's memory is exhausted");
    } catch (const c10::OutOfMemoryError& error) {
        throw out_of_memory(warm, error.what_without_backtrace());
    } catch (const c10::AcceleratorError& error) {
        throw TrialFailed{{FailureReason::infrastructure, error.what_without_backtrace()}};
    } catch (const ConfigError& error) {
        throw TrialFailed{{inputs_are_here(trial) ? FailureReason::bad_data : FailureReason::infrastructure, error.what()}};
    } catch (const c10::Error& error) {
        throw TrialFailed{{FailureReason::internal, error.what_without_backtrace()}};
    }
}

}  // namespace layersweep
