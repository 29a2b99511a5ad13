#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/training/training_state.hpp"

namespace layersweep {

/// Who may go on from a checkpoint: the same trial, as wide, on the same class of machine, with the same shortcuts, by the same version of
/// the program; others would mix two kinds of bits in one result.
struct CheckpointOwner {
    std::string trial;  ///< the key
    std::int64_t gang = 1;
    std::string machine_class;
    std::string shortcuts;  ///< those in use, by name: they shape the tensors and the rounding
    std::string code_version = LAYERSWEEP_VERSION;
    bool operator==(const CheckpointOwner&) const = default;
};

/// How two owners that are not equal differ, for people.
[[nodiscard]] std::string difference(const CheckpointOwner& theirs, const CheckpointOwner& ours);

/// What the state file of a checkpoint says beside its tensors.
struct StateHeader {
    CheckpointOwner owner;
    Result result;  ///< without predictions
    std::int64_t next_row = 0;
    double weighted_loss = 0;
    std::string tensors_hash;  ///< XXH3-128 of the file's tensors, in the order of `state_tensors`
    std::optional<BestFile> best_file;
};

/// As one JSON text, in which doubles keep every bit, and that text's own hash.
[[nodiscard]] SafetensorsMetadata metadata_of(const StateHeader& header);
/// Throws MachineError for a text of another version or that is not what was written.
[[nodiscard]] StateHeader header_of(const SafetensorsMetadata& metadata);
/// Tells this state from any other of the same trial; from 1 to 2^48, which a double holds exactly.
[[nodiscard]] std::uint64_t mark_of(const SafetensorsMetadata& metadata);

}  // namespace layersweep
