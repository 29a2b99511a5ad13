#include "tests/faults/account.hpp"

#include <variant>

#include "orchestrator/ledger/ledger_reader.hpp"

namespace layersweep::test {

namespace {

template <class AnEvent>
bool is_current(const Account& account, const AnEvent& event) {
    const auto found = account.running.find(event.attempt.key.hex);
    return found != account.running.end() && found->second.attempt == event.attempt;
}

}  // namespace

void Account::apply(const Event& event) {
    if (const auto* life = std::get_if<event::LifeBegan>(&event); life != nullptr && !life->continued) {
        running.clear();
        abandoned.clear();
        std::erase_if(set_aside, [](const auto& entry) { return entry.second.cause == SetAsideCause::no_room; });
    } else if (const auto* assigned = std::get_if<event::Assigned>(&event)) {
        std::vector<int> ranks;
        for (const auto worker : assigned->workers) ranks.push_back(worker.rank);
        running[assigned->attempt.key.hex] = {assigned->attempt, std::move(ranks)};
    } else if (const auto* finished = std::get_if<event::Finished>(&event); finished != nullptr && is_current(*this, *finished)) {
        results[finished->attempt.key.hex].push_back(finished->attempt);
        running.erase(finished->attempt.key.hex);
    } else if (const auto* failed = std::get_if<event::Failed>(&event); failed != nullptr && is_current(*this, *failed)) {
        running.erase(failed->attempt.key.hex);
    } else if (const auto* gone = std::get_if<event::Abandoned>(&event); gone != nullptr && is_current(*this, *gone)) {
        abandoned.insert(running.extract(gone->attempt.key.hex));
    } else if (const auto* aside = std::get_if<event::SetAside>(&event)) {
        set_aside[aside->key.hex] = {aside->why, aside->cause};
    } else if (const auto* lost = std::get_if<event::WorkerLost>(&event)) {
        last_loss = lost->why;
    }
    ++lines[std::holds_alternative<event::LifeBegan>(event) ? "header" : json_of(event).at("event").get<std::string>()];
}

bool Account::is_as_complete_as(const Account& whole) const {
    const auto done = [this](const std::string& key) {
        const auto aside = set_aside.find(key);
        return results.contains(key) || (aside != set_aside.end() && aside->second.cause == SetAsideCause::failures);
    };
    for (const auto& [key, attempts] : whole.results)
        if (!done(key)) return false;
    for (const auto& [key, aside] : whole.set_aside)
        if (!done(key)) return false;
    return true;
}

Account account_of(const std::filesystem::path& results) {
    Account account;
    const SegmentFolder segments({results});
    replay_ledger(segments, [&account](const Event& event) { account.apply(event); });
    return account;
}

}  // namespace layersweep::test
