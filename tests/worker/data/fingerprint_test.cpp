#include "worker/data/fingerprint.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "protocol/errors.hpp"
#include "protocol/hash.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;

/// Points the user's cache folder into a temporary one.
class FingerprintTest : public testing::Test {
protected:
    /// A file that was changed an hour ago.
    [[nodiscard]] std::string write_old(const std::string& name, const std::string& content) const {
        const auto path = folder_.write(name, content);
        fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
        return path;
    }

    [[nodiscard]] std::vector<fs::path> remembered() const {
        std::vector<fs::path> entries;
        std::error_code none;
        for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "cache", none)) {
            if (entry.is_regular_file()) entries.push_back(entry.path());
        }
        return entries;
    }

    TemporaryDirectory folder_;
    test::ScopedVariable cache_{"XDG_CACHE_HOME", (folder_.path() / "cache").c_str()};
    const std::string large_ = std::string(3 << 20, 'x');
};

TEST_F(FingerprintTest, IsTheHashOfTheContent) {
    EXPECT_EQ(file_fingerprint(write_old("small", "content")), hash128("content"));
    EXPECT_EQ(file_fingerprint(write_old("empty", "")), hash128(""));
    EXPECT_EQ(file_fingerprint(write_old("large", large_)), hash128(large_));
}

TEST_F(FingerprintTest, RemembersLargeFilesOnly) {
    static_cast<void>(file_fingerprint(write_old("small", "content")));
    EXPECT_TRUE(remembered().empty());
    static_cast<void>(file_fingerprint(write_old("large", large_)));
    EXPECT_EQ(remembered().size(), 1U);
}

TEST_F(FingerprintTest, UsesWhatItRemembersUntilTheFileChanges) {
    const auto path = write_old("large", large_);
    static_cast<void>(file_fingerprint(path));
    const std::string planted(32, 'a');
    ASSERT_EQ(remembered().size(), 1U);
    std::fstream(remembered()[0], std::ios::binary | std::ios::in | std::ios::out) << planted;
    EXPECT_EQ(file_fingerprint(path), planted);
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::minutes(30));
    EXPECT_EQ(file_fingerprint(path), hash128(large_));
}

TEST_F(FingerprintTest, DoesNotRememberAFileThatJustChanged) {
    static_cast<void>(file_fingerprint(folder_.write("large", large_)));
    EXPECT_TRUE(remembered().empty());
}

TEST_F(FingerprintTest, IgnoresADamagedMemory) {
    const auto path = write_old("large", large_);
    static_cast<void>(file_fingerprint(path));
    ASSERT_EQ(remembered().size(), 1U);
    std::ofstream(remembered()[0], std::ios::binary) << "not a fingerprint";
    EXPECT_EQ(file_fingerprint(path), hash128(large_));
}

TEST_F(FingerprintTest, ACacheThatCannotBeWrittenIsNoError) {
    folder_.write("cache", "a file where the folder should be");
    EXPECT_EQ(file_fingerprint(write_old("large", large_)), hash128(large_));
}

TEST_F(FingerprintTest, FollowsLinksToTheSameContent) {
    const auto path = write_old("large", large_);
    fs::create_symlink(path, folder_.path() / "link");
    EXPECT_EQ(file_fingerprint((folder_.path() / "link").string()), file_fingerprint(path));
    EXPECT_EQ(remembered().size(), 1U);
}

TEST_F(FingerprintTest, MissingFilesAndFoldersAreRefused) {
    EXPECT_THROW(static_cast<void>(file_fingerprint((folder_.path() / "nowhere").string())), ConfigError);
    EXPECT_THROW(static_cast<void>(file_fingerprint(folder_.path().string())), ConfigError);
}

TEST_F(FingerprintTest, OfSeveralFilesKnowsRolesOrderAndExtraButNoPaths) {
    const auto a = folder_.write("a", "1"), b = folder_.write("b", "2"), copy = folder_.write("copy/of/a", "1");
    const auto base = fingerprint_of({{"train", a}, {"test", b}});
    EXPECT_EQ(fingerprint_of({{"train", copy}, {"test", b}}), base);
    EXPECT_NE(fingerprint_of({{"train", b}, {"test", a}}), base);
    EXPECT_NE(fingerprint_of({{"test", a}, {"train", b}}), base);
    EXPECT_NE(fingerprint_of({{"test", b}, {"train", a}}), base);
    EXPECT_NE(fingerprint_of({{"train", a}, {"test", b}}, "more"), base);
    EXPECT_EQ(base.size(), 32U);
}

}  // namespace
}  // namespace layersweep
