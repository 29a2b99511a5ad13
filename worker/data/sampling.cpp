#include "worker/data/sampling.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "protocol/errors.hpp"
#include "worker/data/philox.hpp"

namespace layersweep {
namespace {

using Indices = std::vector<std::uint32_t>;

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

std::size_t limit_of(std::optional<std::int64_t> count) {
    return count ? static_cast<std::size_t>(std::max<std::int64_t>(*count, 0)) : no_limit;
}

/// The rows of a split that nothing has taken yet.
class Pool {
public:
    explicit Pool(const std::vector<Row>& rows) : rows_(rows), taken_(rows.size(), false) {}

    /// Takes the `count` free rows of lowest priority, of one class or (-1) of any; lowest first. Fewer where there are no more.
    Indices take(std::uint64_t seed, std::string_view purpose, std::size_t count, std::int32_t label = any_class) {
        const RandomStream stream(seed, purpose);
        std::vector<std::pair<std::uint64_t, std::uint32_t>> free;
        for (std::uint32_t i = 0; i < rows_.size(); ++i) {
            if (taken_[i] || (label != any_class && rows_[i].label != label)) continue;
            free.emplace_back(stream.at(static_cast<std::uint64_t>(rows_[i].number)), i);
        }
        count = std::min(count, free.size());
        std::partial_sort(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(count), free.end());
        Indices chosen;
        for (std::size_t i = 0; i < count; ++i) {
            chosen.push_back(free[i].second);
            taken_[free[i].second] = true;
        }
        return chosen;
    }

    static constexpr std::int32_t any_class = -1;

private:
    const std::vector<Row>& rows_;
    std::vector<bool> taken_;
};

Indices in_row_order(Indices indices) {
    std::sort(indices.begin(), indices.end());
    return indices;
}

[[noreturn]] void refuse_empty_class(const Dataset& dataset, std::size_t label, const std::string& purpose) {
    throw ConfigError("", "class \"" + dataset.classes[label].value + "\" has no row left for " + purpose,
                      "demonstrations, validation rows and training rows are taken from train one after the other",
                      "ask for fewer demonstrations_per_class or validation_rows, or give more training rows");
}

Indices draw_demonstrations(const Dataset& dataset, Pool& train, std::uint64_t seed, std::size_t per_class) {
    Indices all;
    for (std::size_t label = 0; label < dataset.classes.size(); ++label) {
        const auto chosen = train.take(seed, "demonstrations", per_class, static_cast<std::int32_t>(label));
        if (chosen.size() < per_class) refuse_empty_class(dataset, label, "a demonstration");
        all.insert(all.end(), chosen.begin(), chosen.end());
    }
    return all;
}

void draw_training(const Dataset& dataset, Pool& train, std::uint64_t seed, std::size_t per_class, Sample& sample) {
    for (std::size_t label = 0; label < dataset.classes.size(); ++label) {
        const auto chosen = train.take(seed, "training", per_class, static_cast<std::int32_t>(label));
        if (chosen.empty() && per_class > 0) refuse_empty_class(dataset, label, "training");
        sample.training.insert(sample.training.end(), chosen.begin(), chosen.end());
        sample.training_per_class.push_back(static_cast<std::int64_t>(chosen.size()));
    }
    sample.training = in_row_order(std::move(sample.training));
}

}  // namespace

Sample draw_sample(const Dataset& dataset, std::uint64_t seed, const TrainingSettings& settings) {
    Sample sample;
    Pool train(dataset.train.rows), test(dataset.test.rows), validation(dataset.validation.rows);
    const bool own_validation = !dataset.validation.rows.empty();
    sample.test = in_row_order(test.take(seed, "test", limit_of(settings.test_rows)));
    sample.demonstrations = draw_demonstrations(dataset, train, seed, limit_of(settings.demonstrations_per_class));
    const auto same_as_test = own_validation ? no_limit : sample.test.size();
    const auto validation_rows = settings.validation_rows ? limit_of(settings.validation_rows) : same_as_test;
    sample.validation = in_row_order((own_validation ? validation : train).take(seed, "validation", validation_rows));
    draw_training(dataset, train, seed, limit_of(settings.shots), sample);
    return sample;
}

std::vector<std::uint32_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::uint32_t rows) {
    Indices order(rows);
    std::iota(order.begin(), order.end(), 0U);
    RandomStream(seed, "batch order " + std::to_string(epoch)).shuffle(order);
    return order;
}

}  // namespace layersweep
