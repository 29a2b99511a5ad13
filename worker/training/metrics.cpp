#include "worker/training/metrics.hpp"

#include <algorithm>

namespace layersweep {

std::int32_t arg_max(std::span<const double> scores) {
    return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

double accuracy(const std::vector<Prediction>& predictions) {
    if (predictions.empty()) return 0;
    const auto hits = std::count_if(predictions.begin(), predictions.end(), [](const auto& p) { return p.label == p.predicted; });
    return double(hits) / double(predictions.size());
}

std::vector<std::vector<std::int64_t>> confusion(const std::vector<Prediction>& predictions, std::size_t classes) {
    std::vector<std::vector<std::int64_t>> counts(classes, std::vector<std::int64_t>(classes, 0));
    for (const auto& p : predictions) ++counts[std::size_t(p.label)][std::size_t(p.predicted)];
    return counts;
}

double macro_f1(const std::vector<std::vector<std::int64_t>>& confusion) {
    double sum = 0;
    for (std::size_t c = 0; c < confusion.size(); ++c) {
        std::int64_t labelled = 0, predicted = 0;
        for (std::size_t other = 0; other < confusion.size(); ++other) {
            labelled += confusion[c][other];
            predicted += confusion[other][c];
        }
        if (labelled + predicted > 0) sum += 2.0 * double(confusion[c][c]) / double(labelled + predicted);
    }
    return confusion.empty() ? 0 : sum / double(confusion.size());
}

}  // namespace layersweep
