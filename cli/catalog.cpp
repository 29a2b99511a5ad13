#include "cli/catalog.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "cli/machine.hpp"
#include "protocol/codec.hpp"
#include "protocol/errors.hpp"
#include "worker/data/dataset.hpp"
#include "worker/data/encoding.hpp"
#include "worker/data/sampling.hpp"
#include "worker/data/tokenizer/tokenizer.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/family/family.hpp"

namespace layersweep {

namespace {

/// Every tensor of every block is there in the shape that config.json asks for; reads headers only.
void check_tensors(const std::string& folder, const DecoderSpec& spec) {
    const auto checkpoint = Checkpoint::open(folder);
    for (const auto& source : parameter_sources(spec, kept_blocks(spec.layers, spec.layers, Prune::first, 0)))
        for (const auto& part : source.parts) (void)find_part(checkpoint, part, folder);
}

ModelFacts facts_of(const ModelRef& ref, const DecoderSpec& spec) {
    check_tensors(ref.path, spec);
    ModelFacts facts{.ref = ref, .family = spec.family, .layers = spec.layers, .positions = spec.positions};
    facts.ref.fingerprint = model_fingerprint(ref.path);
    facts.size = size_of(spec);
    facts.drops_out = spec.embedding_dropout > 0 || spec.attention_dropout > 0 || spec.residual_dropout > 0;
    return facts;
}

DatasetFacts facts_of(const DatasetRef& described, const Dataset& dataset) {
    DatasetFacts facts{.ref = described};
    facts.train_rows = std::int64_t(dataset.train.rows.size());
    facts.test_rows = std::int64_t(dataset.test.rows.size());
    facts.validation_rows = std::int64_t(dataset.validation.rows.size());
    facts.published_train_rows = dataset.train.published;
    facts.published_test_rows = dataset.test.published;
    facts.dropped_rows = dataset.train.dropped + dataset.test.dropped + dataset.validation.dropped;
    return facts;
}

/// Runs `look` and puts the place in the sweep file in front of what it refuses.
template <class Look>
auto at_place(const SourcePlace& place, const std::string& what, Look look) {
    try {
        return look();
    } catch (const ConfigError& error) {
        throw ConfigError(fmt::format("{}: {} cannot be used\n{}", place.text(), what, error.what()));
    }
}

/// Of a split; enough to know how long its inputs are.
constexpr std::size_t rows_measured = 1000;

/// Leaves about so many rows, evenly spread; for how many each one stands.
double thinned(std::vector<std::uint32_t>& rows) {
    const auto all = rows.size(), step = std::max<std::size_t>(1, (all + rows_measured - 1) / rows_measured);
    if (step == 1) return 1;
    for (std::size_t kept = 0; kept * step < all; ++kept) rows[kept] = rows[kept * step];
    rows.resize((all + step - 1) / step);
    return double(all) / double(rows.size());
}

/// The models and data sets of one sweep: every folder is opened and every data set read once, for the facts and for the checks.
class Inputs {
public:
    [[nodiscard]] Catalog look(const SweepConfig& config) {
        Catalog catalog;
        for (const auto& [name, model] : config.models)
            catalog.models[name] = at_place(model.second, "model " + name, [&] { return look_at(model.first); });
        for (const auto& [name, dataset] : config.datasets)
            catalog.datasets[name] = at_place(dataset.second, "data set " + name, [&] { return look_at(dataset.first); });
        return catalog;
    }

    /// Encodes the inputs of the first seed for all of them: they differ little.
    [[nodiscard]] TrialSize size_of(const Trial& trial, const ModelFacts& model) {
        auto seedless = trial;
        seedless.seed = 0;
        auto& size = sizes_[encoding_key(seedless)];
        if (size.longest == 0) size = measured_task(trial);
        return {model.size, size};
    }

    void check(const Trial& trial) {
        if (!seen_.insert(encoding_key(trial) + ' ' + std::string(name_of(trial.mode))).second) return;
        const auto& tokenizer = tokenizer_of(trial.model);
        const auto& spec = specs_.at(trial.model.path);
        const auto& dataset = datasets_.at(trial.dataset.fingerprint);
        auto sample = draw_sample(dataset, trial.seed, trial.training);
        // One prompt without its text is the shortest there is: where it fits, cutting text makes every prompt fit.
        if (sample.training.size() > 1) sample.training.erase(sample.training.begin() + 1, sample.training.end());
        sample.validation.clear();
        sample.test.clear();
        const auto probe = encode_task(dataset, sample, trial.mode, tokenizer, spec.input);
        check_vocabulary(probe, trial.mode, spec.vocabulary, trial.model.path);
        if (trial.mode == Mode::lm)
            check_label_tokens(trial.dataset.classes, probe.label_token_ids,
                               fmt::format("model {}, data set {}", trial.model.name, trial.dataset.name));
    }

private:
    [[nodiscard]] TaskSize measured_task(const Trial& trial) {
        const auto& dataset = datasets_.at(trial.dataset.fingerprint);
        auto sample = draw_sample(dataset, trial.seed, trial.training);
        const auto training = thinned(sample.training), validation = thinned(sample.validation), test = thinned(sample.test);
        auto size = encode_task(dataset, sample, trial.mode, tokenizer_of(trial.model), specs_.at(trial.model.path).input).size;
        size.training = size.training.times(training);
        size.validation = size.validation.times(validation);
        size.test = size.test.times(test);
        return size;
    }
    ModelFacts look_at(const ModelRef& ref) { return facts_of(ref, specs_[ref.path] = read_decoder_spec(ref.path)); }
    DatasetFacts look_at(const DatasetRef& ref) {
        const auto described = describe_dataset(ref);
        auto found = datasets_.find(described.fingerprint);
        if (found == datasets_.end()) found = datasets_.emplace(described.fingerprint, load_dataset(described)).first;
        return facts_of(described, found->second);
    }
    const Tokenizer& tokenizer_of(const ModelRef& model) {
        if (const auto found = tokenizers_.find(model.path); found != tokenizers_.end()) return found->second;
        return tokenizers_.emplace(model.path, Tokenizer::open(model.path)).first->second;
    }

    std::set<std::string> seen_;
    std::map<std::string, Tokenizer> tokenizers_;
    std::map<std::string, DecoderSpec> specs_;  ///< by path, as the tokenizers
    std::map<std::string, Dataset> datasets_;   ///< by fingerprint
    std::map<std::string, TaskSize> sizes_;     ///< by what the model is fed, whatever the seed
};

/// Paths and class values go into grid.jsonl, which is UTF-8.
void check_text(const SweepConfig& config) {
    const auto check = [](const Trial& trial, const SourcePlace& place) {
        try {
            (void)nlohmann::json(trial).dump();
        } catch (const nlohmann::json::type_error&) {
            throw ConfigError(place.text(), "a path or text here is not UTF-8", "the results folder's files are UTF-8",
                              "rename the folder, or write the file in UTF-8");
        }
    };
    for (const auto& [name, model] : config.models) check({.model = model.first}, model.second);
    for (const auto& [name, dataset] : config.datasets) check({.dataset = dataset.first}, dataset.second);
}

/// What the reports say below their tables where a data set of a trial is not the published one, row for row.
std::vector<std::string> row_notices(const LoadedSweep& sweep) {
    std::set<std::string> used;
    for (const auto& trial : sweep.grid.trials) used.insert(trial.dataset.name);
    std::vector<std::string> notices;
    const auto tell = [&](const std::string& name, const char* split, std::int64_t here, std::int64_t published) {
        if (published > 0 && here != published)
            notices.push_back(fmt::format("{}: {} of the {} {} rows that are published", name, here, published, split));
    };
    for (const auto& name : used) {
        const auto& data = sweep.catalog.datasets.at(name);
        tell(name, "training", data.train_rows, data.published_train_rows);
        tell(name, "test", data.test_rows, data.published_test_rows);
        if (data.dropped_rows > 0) notices.push_back(fmt::format("{}: {} rows without text were dropped", name, data.dropped_rows));
    }
    return notices;
}

}  // namespace

LoadedSweep load_whole_sweep(const std::string& path) {
    LoadedSweep sweep{.config = load_sweep(path)};
    check_text(sweep.config);
    Inputs inputs;
    sweep.catalog = inputs.look(sweep.config);
    sweep.grid = expand(sweep.config, sweep.catalog);
    for (const auto& trial : sweep.grid.trials) inputs.check(trial);
    const auto rates = rates_here(sweep.config.resources).value_or(nominal_rates());
    for (const auto& trial : sweep.grid.trials) {
        sweep.sizes.push_back(inputs.size_of(trial, sweep.catalog.models.at(trial.model.name)));
        sweep.grid.foreseen_s.push_back(foreseen_s(trial, sweep.sizes.back(), rates));
    }
    for (auto& notice : row_notices(sweep)) sweep.grid.notices.push_back(std::move(notice));
    return sweep;
}

void check_resources(const LoadedSweep& sweep, std::int64_t workers, const std::string& path) {
    for (const auto& trial : sweep.grid.trials) {
        if (trial.resources.gang > workers)
            throw ConfigError(path, fmt::format("a gang of {} with {} workers", trial.resources.gang, workers), "it could never start",
                              "set resources.workers to at least the gang, or resources.gang lower");
        if (trial.resources.device != sweep.config.resources.device ||
            trial.resources.threads_per_worker != sweep.config.resources.threads_per_worker)
            throw ConfigError(path, "device or threads_per_worker differ between trials", "a worker holds both for the whole sweep",
                              "make one sweep file per device and thread count");
    }
}

}  // namespace layersweep
