#pragma once

#include <optional>

#include "orchestrator/ledger/process_identity.hpp"
#include "orchestrator/ledger/results_folder.hpp"

namespace layersweep {

enum class TakeOver {
    if_gone,  ///< only from a holder that can be shown to be gone
    always,   ///< the user says so
};

[[nodiscard]] constexpr TakeOver take_over_if(bool asked) {
    return asked ? TakeOver::always : TakeOver::if_gone;
}

/// The one process that may run a sweep, written in ledger/holder.json. It keeps people from starting a sweep twice; what keeps results
/// safe if it fails is the number of the life. The destructor removes the file where it is still ours.
class LedgerHolder {
public:
    /// Throws ConfigError, which names the holder, where another process holds the sweep.
    LedgerHolder(const ResultsFolder& folder, ProcessIdentity self, TakeOver take_over, const StartTimeOf& look = start_time_of);
    ~LedgerHolder();
    LedgerHolder(const LedgerHolder&) = delete;
    LedgerHolder& operator=(const LedgerHolder&) = delete;

private:
    ResultsFolder folder_;
    ProcessIdentity self_;
};

/// Who holds the sweep; nullopt where nobody does or the file is not readable.
[[nodiscard]] std::optional<ProcessIdentity> holder_of(const ResultsFolder& folder);
/// The same, but nullopt too for one that this process can show to be gone.
[[nodiscard]] std::optional<ProcessIdentity> living_holder_of(const ResultsFolder& folder);
/// Throws what LedgerHolder's constructor would throw, before anything is started.
void refuse_if_held(const ResultsFolder& folder, TakeOver take_over);

}  // namespace layersweep
