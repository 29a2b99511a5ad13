#include "protocol/codec.hpp"
#include "protocol/schemas.hpp"

namespace layersweep {

void malformed(const std::string& what) {
    throw MachineError("malformed message or record: " + what);
}

nlohmann::json write_number(double value) {
    if (std::isfinite(value)) return value;
    if (std::isnan(value)) return "nan";
    return value > 0 ? "inf" : "-inf";
}

double read_number(const nlohmann::json& json) {
    if (json.is_number()) return json.get<double>();
    if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (json == "inf") return std::numeric_limits<double>::infinity();
    if (json == "-inf") return -std::numeric_limits<double>::infinity();
    malformed("no number where one should be");
}

nlohmann::json write_json(const Prediction& prediction) {
    return nlohmann::json::array({prediction.row, prediction.label, prediction.predicted, write_json(prediction.scores)});
}

nlohmann::json write_json(const std::pair<std::string, std::string>& pair) {
    return nlohmann::json::array({pair.first, pair.second});
}

void read_json(const nlohmann::json& json, TrialKey& key) {
    read_json(json, key.hex);
}

void read_json(const nlohmann::json& json, WorkerId& worker) {
    worker.rank = read_integer<int>(json);
}

void read_json(const nlohmann::json& json, Prediction& prediction) {
    if (!json.is_array() || json.size() < 4) malformed("a prediction is [row, label, predicted, [scores]]");
    read_json(json[0], prediction.row);
    read_json(json[1], prediction.label);
    read_json(json[2], prediction.predicted);
    read_json(json[3], prediction.scores);
}

void read_json(const nlohmann::json& json, std::pair<std::string, std::string>& pair) {
    if (!json.is_array() || json.size() != 2) malformed("a pair of texts has two elements");
    read_json(json[0], pair.first);
    read_json(json[1], pair.second);
}

void read_json(const nlohmann::json& json, std::string& text) {
    if (!json.is_string()) malformed("no text where one should be");
    text = json.get_ref<const std::string&>();
}

void read_json(const nlohmann::json& json, bool& value) {
    if (!json.is_boolean()) malformed("no true or false where one should be");
    value = json.get<bool>();
}

void to_json(nlohmann::json& json, const Trial& value) {
    json = write_json(value);
}
void to_json(nlohmann::json& json, const Attempt& value) {
    json = write_json(value);
}
void to_json(nlohmann::json& json, const Result& value) {
    json = write_json(value);
}
void to_json(nlohmann::json& json, const TrialFailure& value) {
    json = write_json(value);
}
void to_json(nlohmann::json& json, const WorkerFacts& value) {
    json = write_json(value);
}
void to_json(nlohmann::json& json, const MachineRates& value) {
    json = write_json(value);
}

void from_json(const nlohmann::json& json, Trial& value) {
    read_json(json, value);
}
void from_json(const nlohmann::json& json, Attempt& value) {
    read_json(json, value);
}
void from_json(const nlohmann::json& json, Result& value) {
    value.predictions.clear();
    read_json(json, value);
}
void from_json(const nlohmann::json& json, TrialFailure& value) {
    read_json(json, value);
}
void from_json(const nlohmann::json& json, WorkerFacts& value) {
    read_json(json, value);
}
void from_json(const nlohmann::json& json, MachineRates& value) {
    read_json(json, value);
}

}  // namespace layersweep
