#include "worker/training/cut_model.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

/// Numbers that travel behind the gradients: the loss, the votes for stopping, and those for a checkpoint before it.
constexpr std::int64_t extra_numbers = 3;

DecoderSpec with_dropout(DecoderSpec spec, const TrainingSettings& training) {
    if (training.dropout) spec.embedding_dropout = spec.attention_dropout = spec.residual_dropout = *training.dropout;
    return spec;
}

at::ScalarType torch_type(Precision precision) {
    return precision == Precision::fp64 ? at::kDouble : at::kFloat;
}

Parameters::Products products_of(Precision precision) {
    return precision == Precision::bf16 ? Parameters::Products::in_bfloat16 : Parameters::Products::in_own_type;
}

/// Of the table that inputs are read from.
TokenRows token_rows_of(const Trial& trial, const EncodedTask& task, const DecoderSpec& spec) {
    if (!trial.shortcuts.vocabulary) return {};
    LAYERSWEEP_CHECK(!reads_whole_vocabulary(trial.mode, trial.training.loss), "this loss reads the whole vocabulary");
    std::vector<bool> read(std::size_t(spec.vocabulary));
    task.for_each_row([&](const EncodedRow& row) {
        for (const auto token : row.ids) read.at(std::size_t(token)) = true;
    });
    if (trial.mode == Mode::lm && spec.has_tied_head)
        for (const auto token : task.label_token_ids) read.at(std::size_t(token)) = true;
    std::vector<std::int64_t> tokens;
    for (std::size_t token = 0; token < read.size(); ++token)
        if (read[token]) tokens.push_back(std::int64_t(token));
    return {std::move(tokens), spec.vocabulary};
}

/// Of the table that the head scores tokens with.
TokenRows head_rows_of(const Trial& trial, const EncodedTask& task, const DecoderSpec& spec, const TokenRows& tokens) {
    if (spec.has_tied_head) return tokens;
    if (!trial.shortcuts.vocabulary || trial.mode != Mode::lm) return {};
    std::vector<std::int64_t> labels(task.label_token_ids.begin(), task.label_token_ids.end());
    std::ranges::sort(labels);
    return {std::move(labels), spec.vocabulary};
}

std::vector<std::int64_t> position_rows_of(const Trial& trial, const EncodedTask& task, const DecoderSpec& spec) {
    if (!trial.shortcuts.vocabulary || spec.rotary_base) return {};
    std::vector<std::int64_t> rows(static_cast<std::size_t>(task.size.longest));
    std::iota(rows.begin(), rows.end(), spec.position_offset);
    return rows;
}

/// Only these rows of the stored table.
void choose(ParameterSource& table, const std::vector<std::int64_t>& rows) {
    if (rows.empty()) return;
    table.rows = rows;
    table.shape.front() = std::int64_t(rows.size());
}

std::vector<ParameterSource> sources_of(const Trial& trial, const DecoderSpec& spec, std::size_t classes, const TokenRows& tokens,
                                        const TokenRows& head_rows, const std::vector<std::int64_t>& positions) {
    auto sources = parameter_sources(spec, kept_blocks(spec.layers, trial.layers, trial.training.prune, trial.seed));
    if (trial.mode != Mode::lm) std::erase_if(sources, [](const auto& source) { return source.role == ParameterRole::output_embedding; });
    for (auto& source : sources) {
        if (source.role == ParameterRole::token_embedding) choose(source, tokens.tokens());
        if (source.role == ParameterRole::output_embedding) choose(source, head_rows.tokens());
        if (source.role == ParameterRole::position_embedding) choose(source, positions);
    }
    if (trial.mode != Mode::lm) sources.push_back(head_source(std::int64_t(classes), spec.d_model));
    return sources;
}

void initialize(Parameters& parameters, const Trial& trial, const DecoderSpec& spec, std::int64_t blocks, WarmStore& store) {
    if (trial.training.init == Init::random)
        initialize_random(parameters, spec, blocks, trial.seed, store.pulse());
    else
        load_pretrained(parameters, trial.model, store.model(trial.model).checkpoint, store.pristine(), store.pulse());
    initialize_head(parameters, trial.seed);
}

std::vector<std::int32_t> shared_prefix_of(const EncodedTask& task) {
    std::vector<std::int32_t> prefix;
    if (task.size.shared_prefix < shortest_shared_prefix) return prefix;
    task.for_each_row([&](const EncodedRow& row) {
        if (prefix.empty()) prefix.assign(row.ids.begin(), row.ids.begin() + task.size.shared_prefix);
    });
    return prefix;
}

}  // namespace

CutModel::CutModel(const Trial& trial, const EncodedTask& task, WarmStore& store)
    : mode_(trial.mode),
      loss_(trial.training.loss),
      shortcuts_(trial.shortcuts),
      spec_(with_dropout(store.model(trial.model).spec, trial.training)),
      blocks_(trial.layers),
      label_token_ids_(task.label_token_ids),
      prefix_(shared_prefix_of(task)),
      token_rows_(token_rows_of(trial, task, spec_)),
      position_rows_(position_rows_of(trial, task, spec_)),
      head_rows_(head_rows_of(trial, task, spec_, token_rows_)),
      parameters_(sources_of(trial, spec_, label_token_ids_.size(), token_rows_, head_rows_, position_rows_), extra_numbers,
                  torch_type(trial.training.precision), store.device().torch_device(), products_of(trial.training.precision)) {
    std::vector<std::int64_t> labels;
    if (mode_ == Mode::lm)
        for (const auto token : label_token_ids_) labels.push_back(head_rows_(token));
    label_rows_ = at::tensor(labels, at::kLong).to(store.device().torch_device());
    initialize(parameters_, trial, spec_, blocks_, store);
}

PackedRows CutModel::pack(Rows rows, std::int64_t prefix, PackedRows::Prefix where) const {
    std::vector<PackedRows::Input> inputs;
    for (const auto* row : rows) inputs.emplace_back(row->ids);
    return {inputs, prefix, where, token_rows_, position_offset(), spec_.d_model, device()};
}

at::Tensor CutModel::class_scores(DecoderPass& pass, const at::Tensor& states) const {
    if (mode_ != Mode::lm) return linear(states, parameters_.trained(head_name), {}, /*in_out=*/false);
    return at::matmul(states, pass.head_rows(label_rows_).t());
}

at::Tensor CutModel::vocabulary_scores(const at::Tensor& states) const {
    return linear(states, parameters_.trained(head_table(spec_)), {}, /*in_out=*/false);
}

at::Tensor CutModel::labels_of(Rows rows, bool as_tokens) const {
    std::vector<std::int64_t> labels(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) labels[r] = as_tokens ? label_token_ids_[std::size_t(rows[r]->label)] : rows[r]->label;
    return at::tensor(labels).to(device());
}

at::Tensor CutModel::summed_prompt_loss(DecoderPass& pass, Rows rows, std::int64_t prefix) const {
    const auto packed = pack(rows, prefix, PackedRows::Prefix::here);
    std::vector<std::int64_t> places, targets;
    std::vector<double> weights;
    const auto add = [&](std::int64_t place, std::int64_t target, double weight) {
        places.push_back(place);
        targets.push_back(target);
        weights.push_back(weight);
    };
    double shared_weight = 0;
    for (const auto* row : rows) shared_weight += 1.0 / double(row->ids.size());
    // What follows the prefix's last token is each row's own.
    const auto shared = std::max<std::int64_t>(prefix - 1, 0);
    for (std::int64_t t = 0; t < shared; ++t) add(t, rows.front()->ids[std::size_t(t) + 1], shared_weight);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& fed = rows[r]->ids;
        // The answer is a target only: nothing is predicted behind it, so it is never fed.
        for (auto t = std::size_t(shared); t < fed.size(); ++t) {
            const auto target = t + 1 < fed.size() ? fed[t + 1] : label_token_ids_[std::size_t(rows[r]->label)];
            add(packed.row_of(r, std::int64_t(t)), target, 1.0 / double(fed.size()));
        }
    }
    // On the device before the pass is: a copy would wait for it.
    const auto chosen = at::tensor(places).to(device()), wanted = at::tensor(targets).to(device());
    const auto weight = at::tensor(weights).to(parameters_.values().options());
    const auto losses = at::cross_entropy_loss(vocabulary_scores(pass.states_at(packed, chosen)), wanted, {}, at::Reduction::None);
    return (losses * weight).sum();
}

at::Tensor CutModel::summed_loss(DecoderPass& pass, Rows rows, std::int64_t prefix) const {
    if (mode_ == Mode::lm && loss_ == Loss::prompt) return summed_prompt_loss(pass, rows, prefix);
    const bool vocabulary = reads_whole_vocabulary();
    const auto labels = labels_of(rows, vocabulary);
    const auto states = pass.states_at_ends(pack(rows, prefix, PackedRows::Prefix::here), last_block());
    const auto scores = vocabulary ? vocabulary_scores(states) : class_scores(pass, states);
    return at::cross_entropy_loss(scores, labels, {}, at::Reduction::Sum);
}

CutModel::Scoring::Scoring(const CutModel& model) : model_(model) {
    model.parameters_.round();
    if (!model.shortcuts_.shared_prefix || model.prefix_.empty()) return;
    at::NoGradGuard no_grad;
    DecoderPass pass(model.spec_, model.blocks_, model.parameters_, std::nullopt);
    memory_ = pass.remember(PackedRows(model.prefix_, model.token_rows_, model.position_offset(), model.device()));
}

at::Tensor CutModel::Scoring::operator()(Rows rows) const {
    at::NoGradGuard no_grad;
    DecoderPass pass(model_.spec_, model_.blocks_, model_.parameters_, std::nullopt);
    const auto packed = model_.pack(rows, shared(), PackedRows::Prefix::computed_before);
    return model_.class_scores(pass, pass.states_at_ends(packed, model_.last_block(), memory_ ? &*memory_ : nullptr));
}

std::int64_t CutModel::own_tokens(const EncodedRow& row) const {
    return std::int64_t(row.ids.size()) - shared_in_training();
}

at::Tensor CutModel::backward(Rows rows, std::int64_t rows_in_batch, std::optional<DropoutDraw> draw, const BackwardWatch& watch) {
    BlockWritten written;
    if (watch.written_from) written = [&](std::int64_t block) { watch.written_from(parameters_.begin_of_block(block)); };
    if (rows.empty()) {
        parameters_.gradients().zero_();
        auto loss = at::zeros({}, parameters_.values().options());
        watch.forward_done(loss);
        for (auto block = blocks_; written && block-- > 0;) written(block);
        return loss;
    }
    parameters_.round();
    // The layers write their gradients, one of them that of the whole vocabulary's scores; what rows of the tables get is added up.
    for (const char* table : {"wte", "wpe", "lm_head"}) {
        const bool is_written = reads_whole_vocabulary() && table == std::string_view(head_table(spec_));
        if (parameters_.has(table) && !is_written) parameters_.gradient(table).zero_();
    }
    DecoderPass pass(spec_, blocks_, parameters_, draw, written);
    const auto loss = summed_loss(pass, rows, rows.size() > 1 ? shared_in_training() : 0).div(double(rows_in_batch));
    watch.forward_done(loss.detach());
    loss.backward();
    pass.finish_backward(spec_.padding_id >= 0 ? token_rows_(std::int32_t(spec_.padding_id)) : -1);
    return loss.detach();
}

std::int64_t CutModel::trained_parameters() const {
    auto count = parameters_.count();
    for (const auto& source : parameters_.sources())
        if (!source.rows.empty()) count += elements_of(source.parts.front().shape) - elements_of(source.shape);
    return count;
}

WholeTables CutModel::whole_tables(const Trial& trial, WarmStore& store, std::int64_t steps) const {
    WholeTables tables;
    auto sources = parameters_.sources();
    std::erase_if(sources, [](const ParameterSource& source) { return source.rows.empty(); });
    if (sources.empty()) return tables;
    for (auto& source : sources) {
        source.rows.clear();
        source.shape = source.parts.front().shape;
    }
    Parameters whole(sources, 0, parameters_.values().scalar_type(), device());
    initialize(whole, trial, spec_, blocks_, store);
    whole.values().mul_(std::pow(1 - trial.training.learning_rate * trial.training.weight_decay, double(steps)));
    for (const auto& source : parameters_.sources()) {
        if (source.rows.empty()) continue;
        auto table = whole[source.name];
        table.index_copy_(0, at::tensor(source.rows, at::kLong).to(device()), parameters_[source.name]);
        tables.emplace(source.name, std::move(table));
    }
    return tables;
}

}  // namespace layersweep
