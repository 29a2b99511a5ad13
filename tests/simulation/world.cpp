#include "tests/simulation/world.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "tests/simulation/session.hpp"

namespace layersweep::simulation {
namespace {

/// Sessions that may break; those after them have no faults and must come to the end.
constexpr int faulty_sessions = 5;
constexpr int most_sessions = 40;
/// No sweep of a dozen trials of 40 s takes so long, whatever breaks.
constexpr milliseconds longest_sweep{12 * 3'600'000};

enum DiskFaultKind { full, broken_sync, away, short_writes, no_predictions, kinds };
constexpr const char* fault_names[] = {"disk full", "sync failed", "folder away", "short writes", "predictions full"};

}  // namespace

World::World(std::uint64_t seed) : chance_(seed), truth_(chance_) {
    far_machines_ = chance_.one_in(2);
    plan_disk_faults();
    disk_.on_call = [this] {
        if (running_ != nullptr) on_call(*running_);
    };
}
World::~World() = default;

void World::note(const std::string& line) {
    if (verbose) std::printf("%9.3f  %s\n", double(now_.count()) / 1000, line.c_str());
}

void World::plan_disk_faults() {
    for (std::uint64_t left = chance_.below(4); left > 0; --left) {
        const milliseconds begin = chance_.time(0, 150'000);
        disk_faults_.push_back({begin, begin + chance_.time(500, chance_.one_in(6) ? 900'000 : 60'000), int(chance_.below(kinds))});
    }
}

void World::apply_disk_faults() {
    disk_.room = std::numeric_limits<std::size_t>::max();
    disk_.most_per_write = std::numeric_limits<std::size_t>::max();
    disk_.sync_error = 0;
    disk_.away = no_room_for_predictions_ = false;
    for (DiskFault& fault : disk_faults_) {
        if (now_ < fault.begin || now_ >= fault.end || begun_ > faulty_sessions) continue;
        if (!std::exchange(fault.active, true)) {
            ++truth_.faults[fault_names[fault.kind]];
            note(fault_names[fault.kind]);
        }
        if (fault.kind == full) disk_.room = chance_.below(300);
        if (fault.kind == broken_sync) disk_.sync_error = EIO;
        if (fault.kind == away) disk_.away = true;
        if (fault.kind == short_writes) disk_.most_per_write = 1 + chance_.below(200);
        if (fault.kind == no_predictions) no_room_for_predictions_ = true;
    }
}

void World::run() {
    while (!complete_ || !sessions_.empty()) {
        if (now_ > longest_sweep || begun_ > most_sessions) throw Violation{"the sweep is stuck"};
        Session* next = next_session();
        const milliseconds start = complete_ || sessions_.size() == 2 ? milliseconds::max() : next_start_;
        now_ = std::max(now_, next != nullptr ? std::min(next->wake(), start) : start);
        apply_disk_faults();
        if (now_ >= start)
            begin_session();
        else if (next != nullptr)
            turn(*next);
    }
    std::vector<Event> events;
    (void)replay_ledger(disk_, [&events](const Event& event) { events.push_back(event); });
    audit(events, truth_);
}

Session* World::next_session() {
    const auto earliest = std::ranges::min_element(sessions_, {}, [](const auto& session) { return session->wake(); });
    return earliest == sessions_.end() ? nullptr : earliest->get();
}

/// The next start is far off where this one lives; now and then it comes while this one still does.
void World::begin_session() {
    ++begun_;
    Session::Faults faults;
    const bool faulty = begun_ <= faulty_sessions;
    if (faulty) {
        faults.workers = chance_.one_in(2);
        if (chance_.one_in(3)) faults.calls_until_crash = 1 + chance_.below(chance_.one_in(2) ? 40 : 600);
        faults.crash_takes_power = chance_.one_in(2);
        if (chance_.one_in(6)) faults.stop_at = now_ + chance_.time(0, 80'000);
    }
    const bool beside = !sessions_.empty();
    const milliseconds after_this = faulty && chance_.one_in(2) ? now_ + chance_.time(1'000, 60'000) : milliseconds::max();
    next_start_ = milliseconds::max();
    note(fmt::format("session {} begins{}", begun_, beside ? " beside another" : ""));
    disk_.far = beside && far_machines_;
    try {
        auto session = std::make_unique<Session>(*this, int(chance_.between(3, 5)), faults);
        if (beside) ++truth_.faults["two coordinators at once"];
        running_ = nullptr;
        sessions_.push_back(std::move(session));
        next_start_ = after_this;
    } catch (const Crash&) {
        running_ = nullptr;
        ++truth_.faults["killed while it began"];
        if (faults.crash_takes_power || std::exchange(power_is_out_, false)) lose_power();
        next_start_ = now_ + chance_.time(1, 20'000);
    } catch (const LedgerDamage& error) {
        throw Violation{error.what()};
    } catch (const std::runtime_error& error) {
        running_ = nullptr;
        note(error.what());
        next_start_ = now_ + chance_.time(1, 20'000);
    }
    disk_.far = false;
}

void World::turn(Session& session) {
    session.in_turn = true;
    running_ = &session;
    try {
        const bool goes_on = session.turn();
        running_ = nullptr;
        session.in_turn = false;
        if (goes_on) return;
        if (session.is_complete()) complete_ = true;
        const bool for_a_reason = session.is_complete() || session.was_stopped() || session.has_no_room() || session.has_no_workers();
        if (!for_a_reason) throw Violation{"a session ended for no reason"};
        end(session, "by itself");
    } catch (const Crash&) {
        ++truth_.faults["coordinator killed"];
        const bool power = session.faults().crash_takes_power || std::exchange(power_is_out_, false);
        end(session, "killed");
        if (power) lose_power();
    } catch (const Fenced&) {
        ++truth_.faults["fenced coordinator"];
        end(session, "fenced");
    } catch (const StorageError& error) {
        if (std::ranges::none_of(disk_faults_, [](const DiskFault& fault) { return fault.active; }))
            throw Violation{"it gave up a disk that was never broken"};
        ++truth_.faults["gave up waiting for the disk"];
        end(session, error.what());
    }
}

void World::end(Session& session, const std::string& how) {
    running_ = nullptr;
    note("session ends: " + how);
    std::erase_if(sessions_, [&session](const auto& held) { return held.get() == &session; });
    if (!complete_ && sessions_.empty()) next_start_ = std::min(next_start_, now_ + chance_.time(1, 20'000));
}

/// The machine of all of them.
void World::lose_power() {
    ++truth_.faults["power lost"];
    const std::size_t lost = disk_.crash(chance_.part());
    for (const SegmentName& name : disk_.names())
        if (const auto& text = disk_.content(name.life); lost > 0 && !text.empty() && text.back() != '\n') ++truth_.faults["torn line"];
    if (lost > 0) ++truth_.faults["unsynced bytes lost"];
    std::erase_if(sessions_, [](const auto& session) { return !session->in_turn; });
    power_is_out_ = nested_ > 0;  // whoever is in the middle of a call learns it there
    if (!complete_) next_start_ = now_ + chance_.time(1, 20'000);
}

/// Between any two calls of one coordinator the other may do something, or even a lot, as if the first were stopped for a while.
void World::on_call(Session& session) {
    session.count_call();
    if (nested_ > 0 || sessions_.empty()) return;
    if (begun_ < faulty_sessions && session.in_turn && sessions_.size() == 1 && next_start_ != milliseconds::max() && chance_.one_in(50)) {
        ++nested_;
        begin_session();
        --nested_;
        running_ = &session;
        if (power_is_out_) throw Crash{};
        return;
    }
    for (const auto& other : sessions_) {
        // Most eagerly while a life begins: what the other does then is what a fence is for.
        if (other.get() == &session || other->in_turn || !chance_.one_in(session.in_turn ? 8 : 2)) continue;
        ++nested_;
        Session* const one = other.get();
        const auto lives = [&] { return std::ranges::any_of(sessions_, [one](const auto& held) { return held.get() == one; }); };
        turn(*other);
        for (std::uint64_t more = chance_.one_in(session.in_turn ? 3 : 1) ? chance_.below(30) : 0; more > 0 && !power_is_out_ && lives();
             --more) {
            now_ = std::max(now_, one->wake());
            turn(*one);
        }
        --nested_;
        running_ = &session;
        if (power_is_out_) throw Crash{};
        return;
    }
}

}  // namespace layersweep::simulation
