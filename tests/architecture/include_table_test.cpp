#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Include {
    std::string file;  // relative to the root
    int line = 0;
    std::string target;
};

bool starts_with_any(const std::string& text, const std::vector<std::string>& starts) {
    for (const auto& start : starts)
        if (text.starts_with(start)) return true;
    return false;
}

void read_includes(const fs::path& path, const std::string& name, std::vector<Include>& includes) {
    std::ifstream file(path);
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (!line.starts_with("#include")) continue;
        const auto open = line.find_first_of("<\"");
        const auto close = line.find_first_of(">\"", open + 1);
        includes.push_back({name, number, line.substr(open + 1, close - open - 1)});
    }
}

std::vector<Include> includes_of_the_product() {
    std::vector<Include> includes;
    const fs::path root = LAYERSWEEP_SOURCE_DIR;
    for (const char* folder : {"cli", "orchestrator", "protocol", "worker"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            const auto extension = entry.path().extension();
            if (extension == ".cpp" || extension == ".hpp")
                read_includes(entry.path(), fs::relative(entry.path(), root).string(), includes);
        }
    }
    return includes;
}

/// A header family and the places that may include it.
struct Rule {
    const char* what;
    std::vector<std::string> targets;
    std::vector<std::string> allowed;
    std::vector<std::string> forbidden;  // wins over allowed
};

const std::vector<Rule>& rules() {
    static const std::vector<Rule> table{
        {"orchestrator is known to cli only", {"orchestrator/"}, {"orchestrator/", "cli/"}, {}},
        {"worker is known to cli only", {"worker/"}, {"worker/", "cli/"}, {}},
        {"cli is known to nobody", {"cli/"}, {"cli/"}, {}},
        {"MPI", {"mpi.h", "mpi-ext.h"}, {"protocol/mpi/", "worker/parallel/"}, {}},
        {"NCCL and CUDA", {"nccl.h", "cuda", "c10/cuda/", "ATen/cuda/"}, {"worker/parallel/", "worker/device/"}, {}},
        {"LibTorch", {"torch/", "ATen/", "c10/"}, {"worker/"}, {"worker/data/", "worker/model/checkpoint/", "worker/model/family/"}},
        {"Arrow", {"arrow/", "parquet/"}, {"worker/data/"}, {}},
        {"yaml-cpp", {"yaml-cpp/"}, {"orchestrator/config/"}, {}},
    };
    return table;
}

TEST(IncludeTable, HoldsForEverySourceOfTheProduct) {
    const auto includes = includes_of_the_product();
    ASSERT_GT(includes.size(), 300u) << "the walk over the sources found too little to be right";
    for (const auto& include : includes) {
        for (const auto& rule : rules()) {
            if (!starts_with_any(include.target, rule.targets)) continue;
            EXPECT_TRUE(starts_with_any(include.file, rule.allowed) && !starts_with_any(include.file, rule.forbidden))
                << include.file << ":" << include.line << " includes " << include.target << ", against: " << rule.what;
        }
    }
}

TEST(IncludeTable, MpiIsIncludedByOneFileOnEachSide) {
    std::vector<std::string> files;
    for (const auto& include : includes_of_the_product())
        if (include.target == "mpi.h") files.push_back(include.file);
    ASSERT_EQ(files.size(), 2u) << "one in protocol/mpi, one in worker/parallel";
    EXPECT_TRUE(files[0].starts_with("protocol/mpi/")) << files[0];
    EXPECT_TRUE(files[1].starts_with("worker/parallel/")) << files[1];
}

TEST(IncludeTable, EveryRuleIsExercised) {
    const auto includes = includes_of_the_product();
    for (const auto& rule : rules()) {
        bool seen = false;
        for (const auto& include : includes) seen = seen || starts_with_any(include.target, rule.targets);
        EXPECT_TRUE(seen) << "nothing includes what the rule speaks of: " << rule.what;
    }
}

}  // namespace
