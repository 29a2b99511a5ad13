#include "worker/training/trainer.hpp"

#include <c10/util/Exception.h>

#include <new>

#include "protocol/errors.hpp"
#include "worker/training/trial_run.hpp"

namespace layersweep {

Result run_trial(const Trial& trial, Collective& collective, WarmStore& warm, const TrialHooks& hooks) {
    try {
        return TrialRun(trial, collective, warm, hooks).run();
    } catch (const std::bad_alloc&) {
        throw TrialFailed{{FailureReason::out_of_memory, "the worker's memory is exhausted"}};
    } catch (const c10::OutOfMemoryError& error) {
        throw TrialFailed{{FailureReason::out_of_memory, error.what_without_backtrace()}};
    } catch (const c10::AcceleratorError& error) {
        throw TrialFailed{{FailureReason::infrastructure, error.what_without_backtrace()}};
    } catch (const ConfigError& error) {
        throw TrialFailed{{FailureReason::bad_data, error.what()}};
    } catch (const c10::Error& error) {
        throw TrialFailed{{FailureReason::internal, error.what_without_backtrace()}};
    }
}

}  // namespace layersweep
