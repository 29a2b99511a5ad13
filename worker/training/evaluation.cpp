#include "worker/training/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "worker/training/metrics.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep {

namespace {

/// Tokens that one batch computes at most (one row always fits).
constexpr std::size_t batch_tokens = 4096;

/// Row numbers, shortest input first, so that the inputs of a batch have about one length.
std::vector<std::size_t> by_length(const std::vector<EncodedRow>& rows) {
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rows[a].ids.size() < rows[b].ids.size(); });
    return order;
}

/// Every member of a gang shall have a batch. `shared`: tokens of each row that are not computed again.
std::size_t tokens_at_once(const std::vector<EncodedRow>& rows, std::size_t shared, const Collective& gang) {
    if (gang.size() == 1) return batch_tokens;
    std::size_t tokens = 0;
    for (const auto& row : rows) tokens += row.ids.size() - shared;
    return std::min(batch_tokens, tokens / std::size_t(gang.size()));
}

std::size_t batch_end(const std::vector<EncodedRow>& rows, const std::vector<std::size_t>& order, std::size_t begin, std::size_t shared,
                      std::size_t tokens) {
    std::size_t end = begin + 1;
    while (end < order.size() && (rows[order[end]].ids.size() - shared) * (end - begin + 1) <= tokens) ++end;
    return end;
}

}  // namespace

std::vector<Prediction> evaluate(const CutModel& model, const std::vector<EncodedRow>& rows, std::size_t classes, Collective& collective,
                                 const std::function<void()>& before_batch) {
    const auto order = by_length(rows);
    auto table = at::zeros({std::int64_t(rows.size()), std::int64_t(classes)}, at::kDouble);
    const auto scores_of = model.scoring();
    const auto shared = std::size_t(scores_of.shared()), tokens = tokens_at_once(rows, shared, collective);
    int turn = 0;
    for (std::size_t begin = 0; begin < order.size(); ++turn) {
        const auto end = batch_end(rows, order, begin, shared, tokens);
        std::vector<const EncodedRow*> batch;
        std::vector<std::int64_t> places;
        for (auto i = begin; i < end; ++i) {
            batch.push_back(&rows[order[i]]);
            places.push_back(std::int64_t(order[i]));
        }
        if (turn % collective.size() == collective.rank()) {
            before_batch();
            const auto scores = scores_of(batch);
            table.index_copy_(0, at::tensor(places), scores.to(at::kCPU, at::kDouble));
        }
        begin = end;
    }
    if (collective.size() > 1) {
        auto flat = table.flatten().to(model.device());
        collective.all_reduce_sum(flat);
        table = flat.cpu().view_as(table);
    }
    if (!at::isfinite(table).all().item<bool>()) throw TrialFailed{{FailureReason::not_a_number, "the model's scores are not finite"}};
    std::vector<Prediction> predictions;
    const auto* score = table.const_data_ptr<double>();
    for (std::size_t r = 0; r < rows.size(); ++r, score += classes)
        predictions.push_back({rows[r].row, rows[r].label, arg_max({score, classes}), {score, score + classes}});
    return predictions;
}

}  // namespace layersweep
