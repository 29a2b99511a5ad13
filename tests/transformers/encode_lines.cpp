// encode_lines FOLDER: reads one JSON string a line, writes one JSON list of ids a line: what a whole input is for the folder's tokenizer,
// with what the tokenizer's files put around it.
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "worker/data/tokenizer/tokenizer.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"

using namespace layersweep;

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: encode_lines FOLDER\n";
        return 2;
    }
    try {
        const auto tokenizer = Tokenizer::open(arguments[1]);
        const auto around = tokenizer.surroundings() != nullptr ? *tokenizer.surroundings() : Surroundings();
        for (std::string line; std::getline(std::cin, line);) {
            auto ids = around.front;
            for (const auto id : tokenizer.encode_ids(nlohmann::json::parse(line).get<std::string>())) ids.push_back(id);
            ids.insert(ids.end(), around.behind.begin(), around.behind.end());
            std::cout << nlohmann::json(ids).dump() << "\n";
        }
    } catch (const std::exception& error) {
        std::cerr << "encode_lines: " << error.what() << "\n";
        return 1;
    }
}
