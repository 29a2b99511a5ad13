#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/trial.hpp"

namespace layersweep {

/// One execution of a trial. `number` counts the trial's attempts from 1; together with the coordinator's life it is unique, so a late
/// message of an old attempt is recognised and dropped.
struct Attempt {
    TrialKey key;
    std::uint32_t life = 0;
    std::uint32_t number = 0;
    auto operator<=>(const Attempt&) const = default;
};

struct EpochRecord {
    std::int64_t epoch = 0;          ///< from 1
    double train_loss = 0;           ///< mean over the epoch's rows, each before its step
    double validation_accuracy = 0;  ///< fraction
    bool operator==(const EpochRecord&) const = default;
};

struct Prediction {
    std::int64_t row = 0;  ///< row number in the evaluated split as published, from 0
    std::int32_t label = 0;
    std::int32_t predicted = 0;
    std::vector<double> scores;  ///< one logit per class
    bool operator==(const Prediction&) const = default;
};

/// Where the seconds went; wall clock, never in results.csv.
struct Timings {
    double start_s = 0;                    ///< from the assignment to the first step (without training: score)
    double encode_s = 0, load_s = 0;       ///< within it
    double train_s = 0;                    ///< all steps, of which:
    double forward_s = 0, backward_s = 0;  ///< this member's part of the batch
    double reduce_s = 0;                   ///< behind the backward pass: gradients added up over the gang
    double wait_s = 0;                     ///< within it: nothing to do but to wait for other members
    double optimizer_s = 0;
    double evaluate_s = 0;
    double total_s = 0;
    double floor_fraction = 0;           ///< least time that the steps can take on this machine / train_s; 0: not known
    std::int64_t peak_memory_bytes = 0;  ///< of the worker's process (CPU: VmHWM) or device
    bool operator==(const Timings&) const = default;
};

/// What a finished attempt measured. All but `timings` depends on the trial alone (and the class of hardware).
struct Result {
    double accuracy = 0;                               ///< on the test rows, fraction
    double macro_f1 = 0;                               ///< mean over all classes; a class with neither label nor prediction counts 0
    std::vector<std::vector<std::int64_t>> confusion;  ///< [label][predicted]
    std::int64_t best_epoch = 0;                       ///< earliest best on validation; 0 where nothing was trained
    double best_validation_accuracy = 0;
    std::vector<EpochRecord> curve;  ///< one per epoch that ran
    std::int64_t steps = 0;          ///< optimizer steps
    std::int64_t train_tokens = 0;   ///< real tokens fed to training steps, padding not counted
    std::int64_t parameters = 0;     ///< trained parameters of the cut model (and head)
    std::int64_t train_rows = 0, validation_rows = 0, test_rows = 0;
    std::vector<std::int64_t> train_rows_per_class;
    std::int64_t cut_rows = 0;            ///< inputs that lost tokens of their text to the model's length
    std::string weights_hash;             ///< XXH3-128 of all numbers held after the last step, in registration order
    std::vector<Prediction> predictions;  ///< one per test row, in row-sample order; not in the ledger, in predictions/
    Timings timings;
    bool operator==(const Result&) const = default;
};

enum class FailureReason { out_of_memory, not_a_number, bad_data, worker_lost, stuck, infrastructure, internal };
std::string_view name_of(FailureReason);

/// Why an attempt has no result.
struct TrialFailure {
    FailureReason reason = FailureReason::internal;
    std::string detail;
    bool operator==(const TrialFailure&) const = default;
};

}  // namespace layersweep
