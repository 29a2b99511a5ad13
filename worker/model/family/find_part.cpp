#include "protocol/errors.hpp"
#include "worker/model/family/family.hpp"

namespace layersweep {

namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

}  // namespace

const StoredTensor& find_part(const Checkpoint& checkpoint, const ParameterPart& part, const std::string& folder) {
    for (const auto& name : part.names) {
        const auto* found = checkpoint.find(name);
        if (!found) continue;
        if (found->shape != part.shape)
            throw ConfigError(folder, "tensor " + name + " has shape " + shape_text(found->shape),
                              "config.json asks for " + shape_text(part.shape), "use the config.json and weights of one model");
        return *found;
    }
    throw ConfigError(folder, "the weights hold no tensor " + part.names.front(), "the kept part of the model needs it",
                      "download the folder again, or keep fewer layers");
}

}  // namespace layersweep
