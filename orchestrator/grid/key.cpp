#include <map>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "orchestrator/grid/grid.hpp"
#include "protocol/hash.hpp"
#include "protocol/number_text.hpp"

namespace layersweep {
namespace {

/// Grows when the meaning of a setting changes, so that no old result is taken for a new one.
constexpr int material_version = 1;

std::string json(double value) {
    return shortest(value);
}
std::string json(std::int64_t value) {
    return std::to_string(value);
}
std::string json(const std::string& text) {
    return nlohmann::json(text).dump();
}
std::string json(std::string_view text) {
    return json(std::string(text));
}

template <class Number>
std::string json(const std::optional<Number>& value, const char* word) {
    return value ? json(*value) : json(std::string(word));
}

/// Name -> JSON text; std::map sorts by byte value.
using Material = std::map<std::string, std::string>;

/// What decides how the weights move; nothing of it matters where nothing is trained.
void add_training(Material& material, const Trial& trial) {
    const TrainingSettings& t = trial.training;
    material["batch"] = json(t.batch);
    material["patience"] = json(t.patience, "never");
    material["learning_rate"] = json(t.learning_rate);
    material["betas"] = fmt::format("[{},{}]", json(t.beta1), json(t.beta2));
    material["epsilon"] = json(t.epsilon);
    material["weight_decay"] = json(t.weight_decay);
    material["dropout"] = json(t.dropout, "from-model");
    if (trial.mode == Mode::lm) material["loss"] = json(name_of(t.loss));
}

Material material_of(const Trial& trial) {
    const TrainingSettings& t = trial.training;
    const char* default_validation = trial.dataset.validation.empty() ? "same-as-test" : "all";
    Material material{
        {"version", json(std::int64_t{material_version})},
        {"model", json(trial.model.fingerprint)},
        {"dataset", json(trial.dataset.fingerprint)},
        {"mode", json(name_of(trial.mode))},
        {"layers", json(trial.layers)},
        {"seed", std::to_string(trial.seed)},
        {"shots", json(t.shots, "all")},
        // Also in cls: demonstrations are set aside before validation and training rows are drawn.
        {"demonstrations_per_class", json(t.demonstrations_per_class)},
        {"test_rows", json(t.test_rows, "all")},
        {"validation_rows", json(t.validation_rows, default_validation)},
        {"epochs", json(t.epochs)},
        {"precision", json(name_of(t.precision))},
        {"init", json(name_of(t.init))},
        {"prune", json(name_of(t.prune))},
    };
    if (t.epochs > 0) add_training(material, trial);
    return material;
}

}  // namespace

std::string key_material(const Trial& trial) {
    std::string out;
    for (const auto& [name, value] : material_of(trial)) out += fmt::format("{}{}:{}", out.empty() ? "" : ",", json(name), value);
    return fmt::format("{{{}}}", out);
}

TrialKey key_of(const Trial& trial) {
    return {hash128(key_material(trial))};
}

}  // namespace layersweep
