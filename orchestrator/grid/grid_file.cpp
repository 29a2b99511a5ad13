#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "orchestrator/grid/grid.hpp"
#include "protocol/codec.hpp"
#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"
#include "protocol/hash.hpp"

namespace layersweep {
namespace {

constexpr int grid_version = 1;

std::string header_line(const Grid& grid) {
    const nlohmann::json header{{"kind", "layersweep grid"},     {"version", grid_version}, {"sweep", grid.sweep},
                                {"axis_names", grid.axis_names}, {"notices", grid.notices}, {"trials", grid.trials.size()},
                                {"grid_hash", grid_hash(grid)}};
    return header.dump() + "\n";
}

ConfigError damaged(const std::string& where, const std::string& what) {
    return {where, what, "the list of trials of this results folder cannot be trusted",
            "run `layersweep run` with the sweep file again; it writes the list anew"};
}

struct Header {
    std::size_t trials = 0;
    std::string grid_hash;
};

Header read_header(const std::string& path, const nlohmann::json& json, Grid& grid) {
    if (json.value("kind", "") != "layersweep grid") throw damaged(path + ":1", "this file is no list of trials");
    if (json.value("version", 0) != grid_version) throw damaged(path + ":1", "the list of trials was written by another version");
    grid.sweep = json.at("sweep").get<std::string>();
    grid.axis_names = json.at("axis_names").get<std::vector<std::string>>();
    grid.notices = json.at("notices").get<std::vector<std::string>>();
    return {json.at("trials").get<std::size_t>(), json.at("grid_hash").get<std::string>()};
}

}  // namespace

void write_grid(const std::string& path, const Grid& grid) {
    std::string text = header_line(grid);
    for (std::size_t i = 0; i < grid.trials.size(); ++i) {
        nlohmann::json line(grid.trials[i]);
        if (!grid.foreseen_s.empty()) line["foreseen_s"] = grid.foreseen_s[i];
        text += line.dump() + "\n";
    }
    replace_file(path, text, Durability::synced);
}

Grid read_grid(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        throw ConfigError(path, "there is no list of trials", "this is no results folder, or no run has begun in it",
                          "name a folder that `layersweep run` has written, such as results/NAME");
    }
    Grid grid;
    Header header;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        const std::string where = fmt::format("{}:{}", path, ++number);
        try {
            const auto json = nlohmann::json::parse(line);
            if (number == 1) {
                header = read_header(path, json, grid);
            } else {
                grid.trials.push_back(json.get<Trial>());
                if (json.contains("foreseen_s") && json["foreseen_s"].is_number())
                    grid.foreseen_s.push_back(json["foreseen_s"].get<double>());
            }
        } catch (const nlohmann::json::exception&) {
            throw damaged(where, "this line is damaged");
        } catch (const MachineError&) {
            throw damaged(where, "this line holds no trial");
        }
    }
    if (number == 0) throw damaged(path, "the list of trials is empty");
    if (grid.trials.size() != header.trials || grid_hash(grid) != header.grid_hash) throw damaged(path, "trials are missing or changed");
    if (grid.foreseen_s.size() != grid.trials.size()) grid.foreseen_s.clear();  // written by an older version
    return grid;
}

std::string grid_hash(const Grid& grid) {
    StreamHash hash;
    for (const auto& trial : grid.trials) {
        hash.update(trial.key.hex);
        hash.update("\n");
    }
    return hash.hex();
}

}  // namespace layersweep
