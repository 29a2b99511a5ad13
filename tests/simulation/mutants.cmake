# Faults planted into copies of the shipped sources: the simulation must find each of them. mutant(NAME SOURCE OLD NEW)
mutant(drop_the_fence orchestrator/ledger/ledger_writer.cpp
  [[if (store_->exists(next))]] [[if (false)]])
mutant(look_for_the_fence_before_the_sync_only orchestrator/ledger/ledger_writer.cpp
  [[we see that segment.
    check_fence();]] [[we see that segment.]])
mutant(skip_the_sync orchestrator/ledger/ledger_writer.cpp
  [[if (!sync_owed_) return;]] [[return;]])
mutant(read_before_the_fence orchestrator/ledger/ledger_writer.cpp
  [[    auto [name, file] = make_next_segment(store, description.shard);
    SegmentHeader header{.life_of = description, .name = name, .time_ms = time_ms};
    const LedgerEnd end = replay_ledger(store, on_event, description.shard, header.name.life);]]
  [[    const LedgerEnd end = replay_ledger(store, on_event, description.shard);
    auto [name, file] = make_next_segment(store, description.shard);
    SegmentHeader header{.life_of = description, .name = name, .time_ms = time_ms};]])
mutant(repeat_a_failed_sync orchestrator/ledger/ledger_writer.cpp
  [[    throw StorageError(failure_);
}

NewSegment make_next_segment]]
  [[    throw StorageError(std::exchange(failure_, ""));
}

NewSegment make_next_segment]])
mutant(forget_what_was_not_synced orchestrator/ledger/ledger_writer.cpp
  [[writer.unsynced_ = unsynced_;]] [[]])
mutant(count_what_a_fenced_life_wrote orchestrator/ledger/ledger_reader.cpp
  [[chain.push_back({*header, previous->bytes});]] [[chain.push_back({*header, size});]])
mutant(accept_a_stale_attempt orchestrator/schedule/plan.cpp
  [[if (state == nullptr || state->attempt != attempt) return std::nullopt;]] [[if (state == nullptr) return std::nullopt;]])
mutant(dead_lives_keep_running orchestrator/schedule/plan.cpp
  [[if (had_no_room || statuses_[trial].as<Running>() != nullptr)]] [[if (had_no_room)]])
mutant(take_a_continued_segment_for_a_new_life orchestrator/schedule/plan.cpp
  [[if (e.continued) return;]] [[]])
mutant(repeat_what_repeats_itself orchestrator/schedule/retry_rule.cpp
  [[        case FailureReason::out_of_memory:
            return true;]]
  [[        case FailureReason::out_of_memory:
            return false;]])
mutant(suspects_run_beside_others orchestrator/schedule/scheduler.cpp
  [[gangs_[trial] > living.size() || is_suspected(plan, trial)) continue;]] [[gangs_[trial] > living.size()) continue;]])
mutant(any_answer_frees_a_worker orchestrator/roster.cpp
  [[if (worker.state != State::busy || worker.attempt != attempt) return false;]] [[if (worker.state != State::busy) return false;]])
mutant(send_before_it_is_recorded orchestrator/coordinator.cpp
  [[if (!unsettled_.empty()) ledger_.write();]] [[]])
mutant(show_before_it_is_synced orchestrator/coordinator.cpp
  [[if (!unsettled_.empty()) ledger_.commit();]] [[if (!unsettled_.empty()) ledger_.write();]])
mutant(forget_the_survivors_of_a_gang orchestrator/coordinator_messages.cpp
  [[        record(event::Failed{attempt, failure, now_ms()});
    send_abandon(attempt);]]
  [[        record(event::Failed{attempt, failure, now_ms()});]])
mutant(results_without_predictions orchestrator/coordinator_messages.cpp
  [[outside_.files.write_predictions(grid_.trials[*trial], message.result);]] [[]])
mutant(failures_may_be_lost orchestrator/coordinator.cpp
  [[const bool may_be_lost = std::holds_alternative<event::Assigned>(event)]]
  [[const bool may_be_lost = std::holds_alternative<event::Failed>(event) || std::holds_alternative<event::Assigned>(event)]])
mutant(predictions_of_the_fenced orchestrator/coordinator_messages.cpp
  [[    ledger_.check_fence();  // what another coordinator made of the trial meanwhile is not written over
]] [[]])
