#include "worker/device/machine_class.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <vector>

namespace layersweep {
namespace {

/// The words behind "name : " in the first line of that name.
std::vector<std::string> words_of(const std::string& text, const std::string& name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.compare(0, name.size(), name) != 0) continue;
        if (line.find_first_not_of(" \t", name.size()) != colon) continue;
        std::istringstream rest(line.substr(colon + 1));
        std::vector<std::string> words;
        for (std::string word; rest >> word;) words.push_back(word);
        return words;
    }
    return {};
}

struct InstructionSet {
    const char* flag;  // as Linux calls it
    const char* name;  // as we do
};
constexpr std::array<InstructionSet, 4> instruction_sets{
    {{"amx_tile", "amx"}, {"avx512_bf16", "avx512_bf16"}, {"avx512f", "avx512"}, {"avx2", "avx2"}}};

bool is_version(const std::string& word) {
    return word.find('.') != std::string::npos &&
           std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

}  // namespace

std::string cpu_machine_class(const std::string& cpuinfo) {
    const auto vendor = words_of(cpuinfo, "vendor_id");
    const auto flags = words_of(cpuinfo, "flags");
    std::string text = vendor.empty() ? "cpu" : vendor.front();
    for (const auto& [flag, name] : instruction_sets) {
        if (std::find(flags.begin(), flags.end(), flag) != flags.end()) text += std::string(" ") + name;
    }
    return text;
}

std::string cpu_worker_class(const std::string& host_class, std::int64_t threads) {
    return host_class + ", threads " + std::to_string(threads);
}

std::string cpu_speed_class(const std::string& cpuinfo, std::int64_t threads) {
    std::string model;
    for (const auto& word : words_of(cpuinfo, "model name")) model += word + ' ';
    if (!model.empty()) model.back() = ',';
    return model + ' ' + cpu_worker_class(cpu_machine_class(cpuinfo), threads);
}

std::string nvidia_driver_version(const std::string& text) {
    const auto words = words_of(text, "NVRM version");
    const auto found = std::find_if(words.begin(), words.end(), is_version);
    return found == words.end() ? "unknown" : *found;
}

std::int64_t peak_resident_bytes(const std::string& status) {
    const auto words = words_of(status, "VmHWM");
    return words.size() == 2 ? std::stoll(words.front()) * 1024 : 0;
}

}  // namespace layersweep
