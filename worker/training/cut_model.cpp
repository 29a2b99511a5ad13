#include "worker/training/cut_model.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "worker/model/load.hpp"

namespace layersweep {

namespace {

/// Numbers that travel behind the gradients: the loss, the votes for stopping, and those for a checkpoint before it.
constexpr std::int64_t extra_numbers = 3;

std::vector<ParameterSource> sources_of(const Trial& trial, const DecoderSpec& spec, std::size_t classes) {
    auto sources = parameter_sources(spec, kept_blocks(spec.layers, trial.layers, trial.training.prune, trial.seed));
    if (trial.mode != Mode::lm) sources.push_back(head_source(std::int64_t(classes), spec.d_model));
    return sources;
}

DecoderSpec with_dropout(DecoderSpec spec, const TrainingSettings& training) {
    if (training.dropout) spec.embedding_dropout = spec.attention_dropout = spec.residual_dropout = *training.dropout;
    return spec;
}

at::ScalarType torch_type(Precision precision) {
    return precision == Precision::fp64 ? at::kDouble : at::kFloat;
}

/// Right-padded ids [rows, longest]; token 0 stands in the padding, which no real position reads.
at::Tensor padded_ids(std::span<const EncodedRow* const> rows, at::Device device) {
    std::size_t longest = 0;
    for (const auto* row : rows) longest = std::max(longest, row->ids.size());
    auto ids = at::zeros({std::int64_t(rows.size()), std::int64_t(longest)}, at::kLong);
    auto* out = ids.mutable_data_ptr<std::int64_t>();
    for (std::size_t r = 0; r < rows.size(); ++r) std::copy(rows[r]->ids.begin(), rows[r]->ids.end(), out + r * longest);
    return ids.to(device);
}

}  // namespace

CutModel::CutModel(const Trial& trial, const std::vector<std::int32_t>& label_token_ids, WarmStore& store)
    : mode_(trial.mode),
      loss_(trial.training.loss),
      spec_(with_dropout(store.model(trial.model).spec, trial.training)),
      blocks_(trial.layers),
      label_token_ids_(label_token_ids),
      parameters_(sources_of(trial, spec_, label_token_ids.size()), extra_numbers, torch_type(trial.training.precision),
                  store.device().torch_device()),
      label_tokens_(
          at::tensor(std::vector<std::int64_t>(label_token_ids.begin(), label_token_ids.end())).to(store.device().torch_device())) {
    const auto& warm = store.model(trial.model);
    if (trial.training.init == Init::random)
        initialize_random(parameters_, spec_, blocks_, trial.seed, store.pulse());
    else
        load_pretrained(parameters_, warm.checkpoint, warm.folder, store.pulse());
    initialize_head(parameters_, trial.seed);
}

at::Tensor CutModel::states_at(DecoderPass& pass, const at::Tensor& ids, const std::vector<std::int64_t>& places) const {
    const auto stream = pass.residual_stream(ids).view({-1, spec_.d_model});
    return pass.final_norm(stream.index_select(0, at::tensor(places).to(ids.device())));
}

at::Tensor CutModel::label_states(DecoderPass& pass, std::span<const EncodedRow* const> rows) const {
    const auto ids = padded_ids(rows, label_tokens_.device());
    std::vector<std::int64_t> places(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) places[r] = std::int64_t(r) * ids.size(1) + std::int64_t(rows[r]->ids.size()) - 1;
    return states_at(pass, ids, places);
}

at::Tensor CutModel::class_scores(DecoderPass& pass, const at::Tensor& states) const {
    return at::matmul(states, (mode_ == Mode::lm ? pass.token_rows(label_tokens_) : parameters_[head_name]).t());
}

at::Tensor CutModel::labels_of(std::span<const EncodedRow* const> rows, bool as_tokens) const {
    std::vector<std::int64_t> labels(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) labels[r] = as_tokens ? label_token_ids_[std::size_t(rows[r]->label)] : rows[r]->label;
    return at::tensor(labels).to(label_tokens_.device());
}

at::Tensor CutModel::summed_prompt_loss(DecoderPass& pass, std::span<const EncodedRow* const> rows) const {
    // The answer is a target only: nothing is predicted behind it, so it is never fed.
    const auto ids = padded_ids(rows, label_tokens_.device());
    std::vector<std::int64_t> places, targets;
    std::vector<double> weights;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& fed = rows[r]->ids;
        for (std::size_t t = 0; t < fed.size(); ++t) {
            places.push_back(std::int64_t(r) * ids.size(1) + std::int64_t(t));
            targets.push_back(t + 1 < fed.size() ? fed[t + 1] : label_token_ids_[std::size_t(rows[r]->label)]);
            weights.push_back(1.0 / double(fed.size()));
        }
    }
    const auto states = states_at(pass, ids, places);
    const auto losses =
        at::cross_entropy_loss(at::matmul(states, parameters_["wte"].t()), at::tensor(targets).to(ids.device()), {}, at::Reduction::None);
    return (losses * at::tensor(weights).to(losses.options())).sum();
}

at::Tensor CutModel::summed_loss(DecoderPass& pass, std::span<const EncodedRow* const> rows) const {
    if (mode_ == Mode::lm && loss_ == Loss::prompt) return summed_prompt_loss(pass, rows);
    const auto states = label_states(pass, rows);
    const bool vocabulary = mode_ == Mode::lm && loss_ == Loss::vocabulary;
    const auto scores = vocabulary ? at::matmul(states, parameters_["wte"].t()) : class_scores(pass, states);
    return at::cross_entropy_loss(scores, labels_of(rows, vocabulary), {}, at::Reduction::Sum);
}

at::Tensor CutModel::scores(std::span<const EncodedRow* const> rows) const {
    at::NoGradGuard no_grad;
    DecoderPass pass(spec_, blocks_, parameters_, std::nullopt);
    return class_scores(pass, label_states(pass, rows));
}

at::Tensor CutModel::backward(std::span<const EncodedRow* const> rows, std::int64_t rows_in_batch, std::optional<DropoutDraw> draw) {
    if (rows.empty()) return at::zeros({}, parameters_.values().options());
    DecoderPass pass(spec_, blocks_, parameters_, draw);
    const auto loss = summed_loss(pass, rows).div(double(rows_in_batch));
    loss.backward();
    pass.finish_backward();
    return loss.detach();
}

}  // namespace layersweep
