#include "orchestrator/ledger/salvage.hpp"

namespace layersweep {

void Salvage::apply(const Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
}

void Salvage::on(const event::LifeBegan& e) {
    if (e.continued) return;
    stopped_.reset();
    for (auto& [key, trial] : trials_) {
        if (trial.running) make_wait(key, e.time_ms);
        trial.no_room.reset();
    }
}

void Salvage::on(const event::Assigned& e) {
    const Trial& trial = trials_[e.attempt.key];
    if (trial.finished || trial.begun.contains({e.attempt.life, e.attempt.number})) return;
    make_wait(e.attempt.key, e.time_ms);
    begin(e);
}

void Salvage::on(const event::Finished& e) {
    if (!end_attempt(e.attempt, e)) return;
    trials_[e.attempt.key].finished = true;
    ++results_;
}

void Salvage::on(const event::SetAside& e) {
    Trial& trial = trials_[e.key];
    if (trial.finished || trial.set_aside) return;
    make_wait(e.key, e.time_ms);
    if (e.cause == SetAsideCause::no_room) {
        trial.no_room = e;
    } else {
        trial.set_aside = true;
        emit_(e);
    }
}

void Salvage::on(const event::PutBack& e) {
    Trial& trial = trials_[e.key];
    if (trial.finished) return;
    if (!trial.set_aside) {
        make_wait(e.key, e.time_ms);
        emit_(event::SetAside{e.key, "why is not known any more", SetAsideCause::failures, e.time_ms});
    }
    trial.set_aside = false;
    emit_(e);
}

void Salvage::rescue(const event::Finished& finished) {
    Trial& trial = trials_[finished.attempt.key];
    if (trial.finished) return;
    make_wait(finished.attempt.key, finished.time_ms);
    begin({finished.attempt});
    on(finished);
}

void Salvage::end(std::int64_t time_ms) {
    for (auto& [key, trial] : trials_) {
        const auto no_room = trial.no_room;
        if (trial.running) make_wait(key, time_ms);
        if (no_room) emit_(*no_room);
    }
    if (stopped_) emit_(*stopped_);
}

void Salvage::make_wait(const TrialKey& key, std::int64_t time_ms) {
    Trial& trial = trials_[key];
    if (trial.running) emit_(event::Abandoned{*trial.running, time_ms});
    if (trial.set_aside) emit_(event::PutBack{key, time_ms});
    trial.running.reset();
    trial.no_room.reset();
    trial.set_aside = false;
}

void Salvage::begin(const event::Assigned& e) {
    Trial& trial = trials_[e.attempt.key];
    trial.begun.insert({e.attempt.life, e.attempt.number});
    trial.running = e.attempt;
    emit_(e);
}

bool Salvage::end_attempt(const Attempt& attempt, const Event& end) {
    Trial& trial = trials_[attempt.key];
    if (trial.finished) return false;
    if (trial.running != attempt) {
        if (trial.begun.contains({attempt.life, attempt.number})) return false;
        make_wait(attempt.key, 0);
        begin({attempt});
    }
    trial.running.reset();
    emit_(end);
    return true;
}

}  // namespace layersweep
