#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/messages.hpp"

namespace layersweep {

/// Messages as CBOR (RFC 8949) through nlohmann-json, with a protocol version. Decoding throws MachineError on anything malformed or of
/// another version; unknown keys are ignored.
[[nodiscard]] std::vector<std::uint8_t> encode(const ToWorker&);
[[nodiscard]] std::vector<std::uint8_t> encode(const ToCoordinator&);
[[nodiscard]] ToWorker decode_to_worker(std::span<const std::uint8_t>);
[[nodiscard]] ToCoordinator decode_to_coordinator(std::span<const std::uint8_t>);

/// The same structs as JSON values, for the ledger and grid.jsonl. Doubles survive the round trip bit for bit. `Result` is written
/// without its predictions in `to_json` and read back with none; the codec above adds them.
void to_json(nlohmann::json&, const Trial&);
void from_json(const nlohmann::json&, Trial&);
void to_json(nlohmann::json&, const Attempt&);
void from_json(const nlohmann::json&, Attempt&);
void to_json(nlohmann::json&, const Result&);
void from_json(const nlohmann::json&, Result&);
void to_json(nlohmann::json&, const TrialFailure&);
void from_json(const nlohmann::json&, TrialFailure&);
void to_json(nlohmann::json&, const WorkerFacts&);
void from_json(const nlohmann::json&, WorkerFacts&);
void to_json(nlohmann::json&, const MachineRates&);
void from_json(const nlohmann::json&, MachineRates&);

}  // namespace layersweep
