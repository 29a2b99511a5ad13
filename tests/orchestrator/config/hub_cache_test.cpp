#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

using testing::HasSubstr;

std::string sweep_with(const std::string& repository) {
    return "sweep: t\nmodels: { a: { hub: \"" + repository + "\" } }\ndatasets: { s: { format: sst2, path: data } }\n" +
           "grid: { model: [a], dataset: s, mode: lm, layers: 1, seed: 0 }\n";
}

/// A cache with one model under `root`.
void make_cached(const SweepFolder& folder, const std::string& root) {
    (void)folder.file("abc123", root + "/models--org--m/refs/main");
    (void)folder.file("{}", root + "/models--org--m/snapshots/abc123/config.json");
}

class HubCache : public testing::Test {
protected:
    SweepFolder folder_;
    ScopedVariable cache_{"HF_HUB_CACHE", nullptr}, hf_home_{"HF_HOME", nullptr}, home_{"HOME", folder_.path().c_str()};
    [[nodiscard]] std::string path_of(const std::string& repository) const {
        return folder_.load(sweep_with(repository)).models.at("a").first.path;
    }
};

TEST_F(HubCache, ExplicitCacheComesFirst) {
    make_cached(folder_, "one");
    make_cached(folder_, "two/hub");
    const ScopedVariable cache("HF_HUB_CACHE", (folder_.path() + "/one").c_str()), home("HF_HOME", (folder_.path() + "/two").c_str());
    EXPECT_EQ(path_of("org/m"), folder_.path() + "/one/models--org--m/snapshots/abc123");
}

TEST_F(HubCache, ThenTheHomeOfTheHub) {
    make_cached(folder_, "two/hub");
    const ScopedVariable home("HF_HOME", (folder_.path() + "/two").c_str());
    EXPECT_EQ(path_of("org/m"), folder_.path() + "/two/hub/models--org--m/snapshots/abc123");
}

TEST_F(HubCache, ThenTheUsersCache) {
    make_cached(folder_, ".cache/huggingface/hub");
    EXPECT_EQ(path_of("org/m"), folder_.path() + "/.cache/huggingface/hub/models--org--m/snapshots/abc123");
}

TEST_F(HubCache, AbsentModelIsRefusedAndNothingIsDownloaded) {
    EXPECT_THAT(refusal(sweep_with("org/m")), testing::AllOf(HasSubstr("not in the local hub cache"), HasSubstr("never downloaded")));
}

TEST_F(HubCache, RevisionThatLeavesTheCacheIsRefused) {
    (void)folder_.file("../../..", ".cache/huggingface/hub/models--org--m/refs/main");
    EXPECT_THAT(refusal(sweep_with("org/m")), HasSubstr("not in the local hub cache"));
}

TEST_F(HubCache, RepositoryNamesThatAreNoneAreRefused) {
    for (const char* name : {"", "a/b/c", "../m", "org/", "/m", "a b"}) {
        EXPECT_THAT(refusal(sweep_with(name)), HasSubstr("is no name of a hub repository")) << name;
    }
}

TEST_F(HubCache, PathAndHubTogetherOrNeitherAreRefused) {
    EXPECT_THAT(refusal("sweep: t\nmodels: { a: { hub: org/m, path: x } }\n"), HasSubstr("exactly one of 'path' and 'hub'"));
    EXPECT_THAT(refusal("sweep: t\nmodels: { a: {} }\n"), HasSubstr("exactly one of 'path' and 'hub'"));
}

}  // namespace
}  // namespace layersweep
