#include "worker/training/trial_checkpoint.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"
#include "protocol/hash.hpp"
#include "worker/model/checkpoint/safetensors_file.hpp"
#include "worker/model/tensor_bytes.hpp"

namespace layersweep {

namespace {

const std::string state_name = "state.safetensors", best_prefix = "best-";
constexpr std::chrono::minutes oldest_living_aside{30};
/// Left to others on the same disk.
constexpr std::uint64_t margin_bytes = 256'000'000;

struct NamedTensor {
    std::string name;
    at::Tensor tensor;
};

std::vector<NamedTensor> state_tensors(const TrainingState& state, bool training_is_over) {
    if (training_is_over) return {};
    return {{"values", state.values},
            {"first_moment", state.first_moment},
            {"second_moment", state.second_moment},
            {"optimizer_steps", state.optimizer_steps}};
}

std::vector<TensorToWrite> all_to_write(const std::vector<NamedTensor>& tensors, Pulse& pulse) {
    std::vector<TensorToWrite> all;
    for (const auto& [name, tensor] : tensors) {
        all.push_back(to_write(name, tensor));
        const auto bytes = all.back().bytes;
        all.back().bytes = {bytes.size(), [bytes, &pulse](const BytesToWrite::Take& take) {
                                bytes.hand_out([&](std::span<const std::byte> piece) {
                                    take(piece);
                                    pulse.beat();
                                });
                            }};
    }
    return all;
}

std::string hash_of(const std::vector<TensorToWrite>& tensors) {
    StreamHash hash;
    for (const auto& tensor : tensors) tensor.bytes.hand_out([&](std::span<const std::byte> piece) { hash.update(piece); });
    return hash.hex();
}

void read_tensors(const std::string& path, const SafetensorsFile& file, const std::vector<NamedTensor>& tensors, const std::string& wanted,
                  Pulse& pulse) {
    const auto& stored = file.listing().tensors;
    StreamHash hash;
    for (const auto& [name, tensor] : tensors) {
        const auto expected = to_write(name, tensor);
        const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredTensor& one) { return one.name == expected.name; });
        if (found == stored.end() || found->type != expected.type || found->shape != expected.shape)
            throw MachineError(path + " does not hold this trial's " + name);
        read_tensor(file, *found, tensor, [&](std::span<const std::byte> piece) {
            hash.update(piece);
            pulse.beat();
        });
    }
    if (hash.hex() != wanted) throw MachineError(path + " is damaged");
}

/// Left by a writer that was killed. A young one may belong to a worker that was given up and lives, or to the attempt after it.
bool is_left_aside(const std::filesystem::path& path) {
    const auto name = path.filename().string();
    if (!(name.starts_with(state_name) || name.starts_with(best_prefix)) || !is_aside(path)) return false;
    std::error_code error;
    const auto written = std::filesystem::last_write_time(path, error);
    return !error && std::filesystem::file_time_type::clock::now() - written > oldest_living_aside;
}

double gigabytes(std::uint64_t bytes) {
    return double(bytes) / 1e9;
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

TrialCheckpoints::TrialCheckpoints(CheckpointPlan plan, CheckpointOwner owner, Pulse& pulse)
    : plan_(std::move(plan)), owner_(std::move(owner)), pulse_(pulse) {}

bool TrialCheckpoints::due() const {
    return wanted() && Clock::now() - last_ >= plan_.every;
}

std::optional<std::string> TrialCheckpoints::write(TrainingState& state) {
    std::optional<std::string> problem;
    try {
        write_whole(state);
    } catch (const MachineError& error) {
        problem = fmt::format("no checkpoint of {}: {}", short_key(), error.what());
    }
    last_ = Clock::now();
    return problem;
}

void TrialCheckpoints::write_whole(TrainingState& state) const {
    make_folder(plan_.folder);
    remove_files(plan_.folder, is_left_aside);
    // Somebody else may have removed it: a worker that was given up and lives, or a user who tidied up.
    std::error_code unclear;
    if (state.best_file && !std::filesystem::exists(path_of(state.best_file->name), unclear) && !unclear) state.best_file.reset();
    check_room(state);
    // The state names the best weights' file, which is whole before the state is there and goes only after no state names it.
    if (state.best_weights.defined() && !state.best_file) state.best_file = write_best(state);
    write_state(state);
    remove_files(plan_.folder, [&](const std::filesystem::path& path) {
        const auto name = path.filename().string();
        return name.starts_with(best_prefix) && !is_aside(path) && !(state.best_file && name == state.best_file->name);
    });
}

void TrialCheckpoints::check_room(const TrainingState& state) const {
    std::uint64_t wanted = margin_bytes;
    for (const auto& [name, tensor] : state_tensors(state, state.training_is_over())) wanted += tensor.nbytes();
    if (state.best_weights.defined() && !state.best_file) wanted += state.best_weights.nbytes();
    const auto room = plan_.room(plan_.folder);
    if (room < wanted)
        throw MachineError(fmt::format("{:.1f} GB wanted in {}, {:.1f} GB free", gigabytes(wanted), plan_.folder, gigabytes(room)));
}

BestFile TrialCheckpoints::write_best(const TrainingState& state) const {
    const auto tensors = all_to_write({{"values", state.best_weights}}, pulse_);
    const BestFile file{fmt::format("{}{}.safetensors", best_prefix, state.result.best_epoch), hash_of(tensors)};
    write_safetensors(path_of(file.name), tensors);
    return file;
}

void TrialCheckpoints::write_state(const TrainingState& state) const {
    const auto tensors = all_to_write(state_tensors(state, state.training_is_over()), pulse_);
    write_safetensors(path_of(state_name), tensors,
                      metadata_of({.owner = owner_,
                                   .result = state.result,
                                   .next_row = state.next_row,
                                   .weighted_loss = state.weighted_loss,
                                   .tensors_hash = hash_of(tensors),
                                   .best_file = state.best_file}));
}

Restored TrialCheckpoints::restore(TrainingState& state) const {
    std::error_code error;
    if (!wanted()) return {};
    const bool exists = std::filesystem::exists(path_of(state_name), error);
    if (error) return {.why_not = fmt::format("the checkpoint of {} cannot be looked for: {}", short_key(), error.message())};
    if (!exists) return {};
    const auto not_used = [&](const std::exception& error) {
        return Restored{.why_not = fmt::format("the checkpoint of {} is not used: {}", short_key(), first_line(error.what()))};
    };
    try {
        return {.mark = restore_whole(state)};
    } catch (const ConfigError& error) {
        return not_used(error);
    } catch (const MachineError& error) {
        return not_used(error);
    }
}

std::uint64_t TrialCheckpoints::restore_whole(TrainingState& state) const {
    const SafetensorsFile file(path_of(state_name), 0);
    auto header = header_of(file.metadata());
    if (header.owner != owner_) throw MachineError(difference(header.owner, owner_));
    read_tensors(path_of(state_name), file, state_tensors(state, !header.result.weights_hash.empty()), header.tensors_hash, pulse_);
    if (header.best_file) {
        const auto path = path_of(header.best_file->name);
        state.best_weights = at::empty_like(state.values);
        read_tensors(path, SafetensorsFile(path, 0), {{"values", state.best_weights}}, header.best_file->hash, pulse_);
    }
    state.result = std::move(header.result);
    state.next_row = header.next_row;
    state.weighted_loss = header.weighted_loss;
    state.best_file = std::move(header.best_file);
    return mark_of(file.metadata());
}

}  // namespace layersweep
