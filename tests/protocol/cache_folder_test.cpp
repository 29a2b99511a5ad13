#include "protocol/cache_folder.hpp"

#include <gtest/gtest.h>

#include "tests/support/scoped_variable.hpp"

namespace layersweep {
namespace {

using test::ScopedVariable;

TEST(CacheFolder, IsBelowWhatXdgSays) {
    const ScopedVariable xdg("XDG_CACHE_HOME", "/somewhere/cache"), home("HOME", "/home/me");
    EXPECT_EQ(cache_folder(), "/somewhere/cache/layersweep");
}

TEST(CacheFolder, IsBelowHomeWhereXdgSaysNothingOrAPathThatIsNotAbsolute) {
    const ScopedVariable home("HOME", "/home/me");
    for (const char* unusable : {static_cast<const char*>(nullptr), "", "cache", "./cache", "~/cache"}) {
        const ScopedVariable xdg("XDG_CACHE_HOME", unusable);
        EXPECT_EQ(cache_folder(), "/home/me/.cache/layersweep") << (unusable == nullptr ? "not set" : unusable);
    }
}

TEST(CacheFolder, IsNowhereWithoutBoth) {
    const ScopedVariable xdg("XDG_CACHE_HOME", nullptr);
    for (const char* unusable : {static_cast<const char*>(nullptr), ""}) {
        const ScopedVariable home("HOME", unusable);
        EXPECT_EQ(cache_folder(), std::nullopt);
    }
}

}  // namespace
}  // namespace layersweep
