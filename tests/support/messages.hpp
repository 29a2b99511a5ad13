#pragma once

#include <limits>

#include "protocol/messages.hpp"

namespace layersweep::test {

/// A trial in which no field has its default value.
inline Trial full_trial() {
    Trial trial;
    trial.key = {"00112233445566778899aabbccddeeff"};
    trial.model = {"gpt2-xl", "/models/größe", "0123456789abcdef0123456789abcdef"};
    trial.dataset = {.name = "mine",
                     .format = "csv",
                     .folder = "/data",
                     .train = {"/a.csv", "/b.csv"},
                     .test = {"/t.csv"},
                     .validation = {"/v.csv"},
                     .header = false,
                     .text = "{title}. {body}",
                     .label = "stars",
                     .classes = {{"1", "Bad"}, {"5", "Good"}},
                     .prompt_template = "Review: {text}\nSentiment:",
                     .fingerprint = "fedcba9876543210fedcba9876543210"};
    trial.mode = Mode::p_cls;
    trial.layers = 12;
    trial.seed = std::numeric_limits<std::uint64_t>::max();
    trial.training = {.shots = std::nullopt,
                      .demonstrations_per_class = 2,
                      .test_rows = 3,
                      .validation_rows = 4,
                      .batch = 5,
                      .epochs = 6,
                      .patience = std::nullopt,
                      .learning_rate = 0.1,
                      .beta1 = 0.3,
                      .beta2 = 0.7,
                      .epsilon = std::numeric_limits<double>::denorm_min(),
                      .weight_decay = -0.0,
                      .dropout = 0.0,
                      .loss = Loss::vocabulary,
                      .precision = Precision::fp64,
                      .init = Init::random,
                      .prune = Prune::alternate};
    trial.resources = {.device = Device::cuda, .threads_per_worker = 7, .gang = 2};
    trial.other_axes = {{"learning_rate", "1e-4"}, {"prune", "alternate"}};
    return trial;
}

inline Attempt full_attempt() {
    return {.key = full_trial().key, .life = 3, .number = 4'000'000'000U};
}

inline Result full_result() {
    Result result;
    result.accuracy = 1.0 / 3.0;
    result.macro_f1 = 0.1 + 0.2;
    result.confusion = {{5, 1}, {2, 9'000'000'000}};
    result.best_epoch = 2;
    result.best_validation_accuracy = 0.875;
    result.curve = {{1, 0.693147180559945309, 0.5}, {2, 5e-324, 0.875}};
    result.steps = 100;
    result.train_tokens = 123'456'789'012;
    result.parameters = 1'557'611'200;
    result.train_rows = 400;
    result.validation_rows = 872;
    result.test_rows = 2;
    result.train_rows_per_class = {200, 86};
    result.cut_rows = 1;
    result.weights_hash = "ffeeddccbbaa99887766554433221100";
    result.predictions = {{.row = 17, .label = 1, .predicted = 0, .scores = {-1.5, 1e308}},
                          {.row = 3, .label = 0, .predicted = 0, .scores = {}}};
    result.timings = {.start_s = 0.75,
                      .encode_s = 0.25,
                      .load_s = 0.5,
                      .train_s = 10.1,
                      .forward_s = 3,
                      .backward_s = 6,
                      .reduce_s = 0.5,
                      .wait_s = 0.375,
                      .optimizer_s = 0.25,
                      .evaluate_s = 1,
                      .total_s = 12,
                      .floor_fraction = 0.7,
                      .peak_memory_bytes = 1LL << 40};
    return result;
}

inline std::vector<ToWorker> every_to_worker() {
    return {to_worker::Assign{full_attempt(), full_trial(), {{2}, {5}}, 42, "00ff", "/results/checkpoints/k", 60, full_trial()},
            to_worker::Abandon{full_attempt(), true}, to_worker::Alive{}, to_worker::Stop{}};
}

inline std::vector<ToCoordinator> every_to_coordinator() {
    const to_coordinator::Hello hello{{"n1", 4711, "cuda:0 NVIDIA", "avx512"}, "id", {1e11, 4e14, 2e11, 5e10, 1e10, 1e-6}};
    const to_coordinator::Alive alive{(1ULL << 60) + 1};
    const to_coordinator::Notice notice{"little room is left"};
    const to_coordinator::Finished finished{full_attempt(), full_result(), "id"};
    const to_coordinator::MemberDone member_done{full_attempt(), "id"};
    to_coordinator::Failed failed;
    failed.attempt = full_attempt();
    failed.failure = {FailureReason::out_of_memory, "9 GB wanted"};
    failed.nccl_id = "id";
    const to_coordinator::Abandoned abandoned{full_attempt(), "id"};
    return {hello, alive, notice, finished, member_done, failed, abandoned};
}

}  // namespace layersweep::test
