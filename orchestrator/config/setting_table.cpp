#include "orchestrator/config/setting_table.hpp"

#include <utility>

#include "orchestrator/config/setting_kinds.hpp"

namespace layersweep {
namespace {

/// A setting that is one field of one part of the target.
template <class Part, class Value, class Kind>
Setting field(std::string section, std::string name, SettingScope scope, Part SettingTarget::*part, Value Part::*member, Kind kind,
              std::string meaning) {
    auto apply = [=](SettingTarget& target, const SettingValue& value) { target.*part.*member = kind.parse(name, value); };
    auto print = [=](const SettingTarget& target) { return kind.print(target.*part.*member); };
    return {std::move(section), name, scope, kind.accepts(), std::move(meaning), std::move(apply), std::move(print)};
}

template <class Value, class Kind>
Setting training(std::string name, Value TrainingSettings::*member, Kind kind, std::string meaning) {
    return field("training", std::move(name), SettingScope::trial, &SettingTarget::training, member, kind, std::move(meaning));
}

template <class Value, class Kind>
Setting resource(std::string name, Value ResourceSettings::*member, Kind kind, std::string meaning) {
    return field("resources", std::move(name), SettingScope::trial, &SettingTarget::resources, member, kind, std::move(meaning));
}

Setting shortcut(std::string name, ShortcutChoice ShortcutSettings::*member, std::string meaning) {
    return field("shortcuts", std::move(name), SettingScope::run, &SettingTarget::shortcuts, member, AutoOnOff{}, std::move(meaning));
}

Setting betas() {
    const RealPair kind{Real{.least = 0, .most = 1}};
    auto apply = [=](SettingTarget& target, const SettingValue& value) {
        std::tie(target.training.beta1, target.training.beta2) = kind.parse("betas", value);
    };
    auto print = [=](const SettingTarget& target) { return kind.print({target.training.beta1, target.training.beta2}); };
    return {"training", "betas", SettingScope::trial, kind.accepts(), "Decay of AdamW's two running means.", apply, print};
}

void add_sampling(std::vector<Setting>& table) {
    using T = TrainingSettings;
    table.push_back(training("shots", &T::shots, WholeOr{"all"}, "Training rows per class; `all`: what validation leaves."));
    table.push_back(training("demonstrations_per_class", &T::demonstrations_per_class, Whole{0},
                             "Examples of each class in every prompt of `lm` and `p-cls`; set aside from the other rows in every mode."));
    table.push_back(training("test_rows", &T::test_rows, WholeOr{"all"}, "Rows that accuracy is measured on: min(this, size)."));
    table.push_back(
        training("validation_rows", &T::validation_rows, WholeOr{"same-as-test"},
                 "Rows that early stopping looks at; `same-as-test`: as many as test rows, or the whole file that `validation` names."));
}

void add_optimization(std::vector<Setting>& table) {
    using T = TrainingSettings;
    table.push_back(training("batch", &T::batch, Whole{1}, "Rows per optimizer step, over the whole gang."));
    table.push_back(
        training("epochs", &T::epochs, Whole{0}, "Most passes over the training rows; 0: the cut model is evaluated as it is."));
    table.push_back(training("patience", &T::patience, WholeOr{"never"},
                             "Epochs without a strict rise of validation accuracy before training stops; `never`: all epochs run."));
    table.push_back(
        training("learning_rate", &T::learning_rate, Real{.least = 0, .least_bound = Bound::excluded}, "AdamW's step size; no schedule."));
    table.push_back(betas());
    table.push_back(training("epsilon", &T::epsilon, Real{.least = 0, .least_bound = Bound::excluded}, "AdamW's term in the denominator."));
    table.push_back(training("weight_decay", &T::weight_decay, Real{.least = 0}, "Decoupled decay, on all parameters."));
    table.push_back(training("dropout", &T::dropout, RealOr{"from-model", Real{.least = 0, .most = 1}},
                             "One rate for embeddings, attention and residuals; `from-model`: as the model's config.json says."));
}

void add_experiment(std::vector<Setting>& table) {
    using T = TrainingSettings;
    table.push_back(training("loss", &T::loss, Choice<Loss>{},
                             "What `lm` trains on: the label words' first sub-tokens, the whole vocabulary at the same position, or every "
                             "next token of the prompt. Other modes ignore it."));
    table.push_back(training("precision", &T::precision, Choice<Precision>{},
                             "Of weights and arithmetic. `tf32` (GPUs) and `bf16` round what goes into the products of linear layers; "
                             "weights, optimizer, norms, softmax and loss stay fp32. `fp64` on CPUs only."));
    table.push_back(training("init", &T::init, Choice<Init>{}, "Initial weights: the checkpoint's, or the family's random scheme."));
    table.push_back(training("prune", &T::prune, Choice<Prune>{}, "Which blocks stay; the same for all where all blocks stay."));
}

void add_resources(std::vector<Setting>& table) {
    using R = ResourceSettings;
    table.push_back(resource("device", &R::device, Choice<Device>{}, "`auto`: cuda where a GPU is seen, and the run says which."));
    table.push_back(field("resources", "workers", SettingScope::run, &SettingTarget::run, &RunSettings::workers, WholeOr{"auto"},
                          "Ranks that train; `auto`: one per GPU, on CPUs min(allowed cores / threads, memory / largest trial)."));
    table.push_back(resource("threads_per_worker", &R::threads_per_worker, Whole{1}, "CPU only."));
    table.push_back(resource("gang", &R::gang, Whole{1}, "Workers that train one trial together; `batch` must be divisible by it."));
}

void add_shortcuts(std::vector<Setting>& table) {
    using S = ShortcutSettings;
    table.push_back(shortcut("vocabulary", &S::vocabulary, "Keep only the embedding rows that the trial can read."));
    table.push_back(shortcut("label_position", &S::label_position, "Compute the last block only where its output is read."));
    table.push_back(shortcut("shared_prefix", &S::shared_prefix, "Compute the demonstrations, which all prompts share, once."));
}

void add_faults(std::vector<Setting>& table) {
    table.push_back(field("faults", "max_attempts", SettingScope::run, &SettingTarget::faults, &FaultSettings::max_attempts, Whole{1},
                          "Attempts at a trial before it is set aside; the sweep goes on."));
    table.push_back(field("faults", "checkpoint_every", SettingScope::run, &SettingTarget::faults, &FaultSettings::checkpoint_every_s,
                          Duration{}, "Time between checkpoints of a running trial."));
    table.push_back(field("faults", "worker_silence", SettingScope::run, &SettingTarget::faults, &FaultSettings::worker_silence_s,
                          Duration{5}, "A worker that says nothing for so long is given up; it says something every second."));
    table.push_back(field("faults", "stuck_after", SettingScope::run, &SettingTarget::faults, &FaultSettings::stuck_after_s, Duration{},
                          "A trial without progress for so long, and for 20 times its longest step so far, is given up with its workers."));
}

std::vector<Setting> make_table() {
    std::vector<Setting> table;
    add_sampling(table);
    add_optimization(table);
    add_experiment(table);
    add_shortcuts(table);
    add_resources(table);
    add_faults(table);
    return table;
}

}  // namespace

const std::vector<std::string>& setting_sections() {
    static const std::vector<std::string> sections{"training", "shortcuts", "resources", "faults"};
    return sections;
}

const std::vector<Setting>& setting_table() {
    static const std::vector<Setting> table = make_table();
    return table;
}

const Setting* find_setting(const std::string& section, const std::string& name) {
    for (const auto& setting : setting_table()) {
        if (setting.section == section && setting.name == name) return &setting;
    }
    return nullptr;
}

}  // namespace layersweep
