#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/trial.hpp"

namespace layersweep {

class WarmStore;

/// Runs a trial alone, exactly as a worker would, and writes into `folder`: `checkpoint/` (the cut, untrained model and tokenizer as a
/// Hugging Face folder; `head.safetensors` for the classification modes) and `trace.jsonl`, one object per optimizer step:
/// {"input_ids", "lengths", "labels", "label_token_ids", "mode", "loss"}, ids padded on the right, the loss before the step.
/// `steps`: end after so many. Returns a line for people with the steps written and the hash of the final weights.
[[nodiscard]] std::string trace_trial(const Trial& trial, const std::string& folder, std::optional<std::int64_t> steps, WarmStore& warm);

}  // namespace layersweep
