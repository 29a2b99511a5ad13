#include "worker/training/trial_checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/read_text.hpp"
#include "tests/support/thread_collective.hpp"
#include "tests/worker/training/interrupted_trial.hpp"

namespace layersweep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void write_text(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
}

/// A trial that was interrupted in its fourth epoch.
class TrialCheckpoint : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_FALSE(attempt(trial, folder.plan(), {.at = 21}).result.has_value());
        ASSERT_THAT(folder.files(), ElementsAre(best_name(), "state.safetensors"));
    }
    [[nodiscard]] std::string best_name() const {
        for (const auto& name : folder.files())
            if (name.starts_with("best-")) return name;
        return "no best file";
    }
    [[nodiscard]] std::string best() const { return folder.path() + "/" + best_name(); }

    void expect_start_over(const std::string& what, const std::string& why) {
        const auto log = attempt(trial, folder.plan());
        EXPECT_EQ(log.result, whole.result) << what;
        EXPECT_EQ(log.steps, whole.steps) << what << " was gone on from";
        ASSERT_EQ(log.notices.size(), 1U) << what;
        EXPECT_THAT(log.notices[0], HasSubstr("the checkpoint of 01234567 is not used: "));
        EXPECT_THAT(log.notices[0], HasSubstr(why));
    }
    /// Every damage is done to the same whole file.
    void expect_start_over_with(const std::string& path, const std::string& content, const std::string& what, const std::string& why = "") {
        const auto whole_file = read_text(path);
        ASSERT_NE(content, whole_file);
        write_text(path, content);
        expect_start_over(what, why);
        write_text(path, whole_file);
    }

    TinyDataset dataset;
    CheckpointFolder folder;
    Trial trial = interruptible_trial(Mode::p_cls, dataset);
    AttemptLog whole = attempt(trial);
};

std::size_t header_end(const std::string& file) {
    std::size_t length = 0;
    for (std::size_t i = 8; i-- > 0;) length = length << 8 | static_cast<unsigned char>(file[i]);
    return 8 + length;
}

std::string flipped(std::string text, std::size_t place, unsigned bit) {
    text[place] = static_cast<char>(text[place] ^ (1U << bit));
    return text;
}

TEST_F(TrialCheckpoint, IsGoneOnFrom) {
    EXPECT_LT(attempt(trial, folder.plan()).steps, whole.steps) << "else the tests below show nothing";
}

TEST_F(TrialCheckpoint, TornFilesAreNotUsed) {
    for (const auto& path : {folder.state(), best()}) {
        const auto content = read_text(path);
        for (const std::size_t size : {std::size_t{0}, std::size_t{5}, header_end(content) - 7, content.size() / 2, content.size() - 1})
            expect_start_over_with(path, content.substr(0, size), path + " of " + std::to_string(size) + " bytes");
    }
}

TEST_F(TrialCheckpoint, AFlippedBitOfATensorIsSeen) {
    std::mt19937 random(11);
    for (const auto& path : {folder.state(), best()}) {
        const auto content = read_text(path);
        const auto begin = header_end(content);
        for (int i = 0; i < 4; ++i) {
            const auto place = begin + random() % (content.size() - begin);
            expect_start_over_with(path, flipped(content, place, random() % 8), "a bit of byte " + std::to_string(place), "is damaged");
        }
    }
}

TEST_F(TrialCheckpoint, AFlippedBitOfTheCursorIsSeen) {
    const auto content = read_text(folder.state());
    for (const auto* field : {"weighted_loss", "next_row", "best_epoch", "train_tokens", "gang"}) {
        const auto place = content.find(field);
        ASSERT_NE(place, std::string::npos) << field;
        expect_start_over_with(folder.state(), flipped(content, place + std::string(field).size() + 3, 0), field, "header is damaged");
    }
}

TEST_F(TrialCheckpoint, AFlippedBitAnywhereChangesNoResult) {
    std::mt19937 random(12);
    const auto content = read_text(folder.state());
    for (int i = 0; i < 12; ++i) {
        const auto place = random() % header_end(content);
        write_text(folder.state(), flipped(content, place, random() % 8));
        EXPECT_EQ(attempt(trial, folder.plan()).result, whole.result) << "byte " << place;
    }
}

TEST_F(TrialCheckpoint, WithoutItsBestWeightsIsNotUsed) {
    std::filesystem::remove(best());
    expect_start_over("a state alone", "cannot be opened");
}

TEST_F(TrialCheckpoint, OtherBestWeightsAreSeen) {
    const CheckpointFolder other;
    auto twin = trial;
    twin.training.learning_rate *= 2;
    (void)attempt(twin, other.plan(), {.at = 21});
    for (const auto& name : other.files()) {
        if (name.starts_with("best-"))
            expect_start_over_with(best(), read_text(other.path() + "/" + name), "another trial's best", "is damaged");
    }
}

TEST_F(TrialCheckpoint, OfAnotherTrialIsNotUsed) {
    trial.key.hex = "012345678888888888888888888888ff";
    expect_start_over("another trial's", "of another trial");
}

TEST_F(TrialCheckpoint, OfAnotherShapeIsNotUsed) {
    trial.layers = 1;  // as if two trials had one key
    whole = attempt(trial);
    expect_start_over("another model's", "does not hold this trial's values");
}

TEST_F(TrialCheckpoint, OfAnotherPrecisionIsNotUsed) {
    trial.training.precision = Precision::fp32;
    whole = attempt(trial);
    expect_start_over("another precision's", "does not hold this trial's values");
}

TEST_F(TrialCheckpoint, OfAnotherGangWidthIsNotUsed) {
    const auto both = [&](const CheckpointPlan& plan) {
        std::vector<AttemptLog> logs(2);
        run_gang(2, [&](Collective& gang) {
            auto store = cold_store();
            logs[std::size_t(gang.rank())] = attempt(trial, plan, {}, gang, store);
        });
        return logs;
    };
    const auto expected = both({}), logs = both(folder.plan());
    for (std::size_t rank = 0; rank < 2; ++rank) {
        EXPECT_EQ(logs[rank].result, expected[rank].result);
        EXPECT_EQ(logs[rank].steps, 50U);
        ASSERT_EQ(logs[rank].notices.size(), 1U);
        EXPECT_THAT(logs[rank].notices[0], HasSubstr("of a gang of 1, not 2"));
    }
}

TEST_F(TrialCheckpoint, OfAnotherMachineClassIsNotUsed) {
    if (test_device() != Device::cpu) GTEST_SKIP() << "a GPU's class does not depend on threads";
    const auto on_two_threads = [&](const CheckpointPlan& plan) {
        auto store = cold_store();
        store.device().use_threads(2);
        return attempt(trial, plan, {}, *solo_collective(), store);
    };
    const auto expected = on_two_threads({}), log = on_two_threads(folder.plan());
    EXPECT_EQ(log.result, expected.result);
    EXPECT_EQ(log.steps, 50U);
    ASSERT_EQ(log.notices.size(), 1U);
    EXPECT_THAT(log.notices[0], HasSubstr("threads 1, not "));
}

TEST_F(TrialCheckpoint, LeftoversOfAKilledWriterAreHarmlessAndGo) {
    for (const auto* name : {"state.safetensors.aside-1-0", "best-3.safetensors.aside-77-2", "best-99.safetensors", "mine.txt"})
        write_text(folder.path() + "/" + name, "leftover");
    // Of somebody who may still be writing it.
    write_text(folder.path() + "/state.safetensors.aside-9-0", "young");
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    for (const auto* name : {"state.safetensors.aside-1-0", "best-3.safetensors.aside-77-2"})
        std::filesystem::last_write_time(folder.path() + "/" + name, long_ago);
    EXPECT_FALSE(attempt(trial, folder.plan(), {.at = 3}).result.has_value());
    EXPECT_THAT(folder.files(), ElementsAre(best_name(), "mine.txt", "state.safetensors", "state.safetensors.aside-9-0"));
    EXPECT_EQ(attempt(trial, folder.plan()).result, whole.result);
}

TEST_F(TrialCheckpoint, AFullDiskIsToldOnceAndTrainingGoesOn) {
    const CheckpointFolder other;
    auto plan = other.after_every_step();
    plan.room = [](const std::string&) { return std::uint64_t{200'000'000}; };
    const auto log = attempt(trial, plan);
    EXPECT_EQ(log.result, whole.result);
    EXPECT_THAT(log.notices, ElementsAre("no checkpoint of 01234567: 0.3 GB wanted in " + other.path() + ", 0.2 GB free"));
    EXPECT_THAT(other.files(), IsEmpty());
}

TEST_F(TrialCheckpoint, AFullDiskLeavesTheOldOneWhole) {
    auto plan = folder.plan();
    plan.room = [](const std::string&) { return std::uint64_t{0}; };
    EXPECT_FALSE(attempt(trial, plan, {.at = 9}).result.has_value());
    const auto log = attempt(trial, folder.plan());
    EXPECT_EQ(log.result, whole.result);
    EXPECT_EQ(log.asked, whole.asked - 20) << "it goes on from where the first checkpoint was made";
}

TEST_F(TrialCheckpoint, AFolderThatCannotBeMadeIsToldAndTrainingGoesOn) {
    const CheckpointPlan plan{.folder = folder.state() + "/below-a-file", .every = std::chrono::seconds(0)};
    const auto log = attempt(trial, plan);
    EXPECT_EQ(log.result, whole.result);
    ASSERT_EQ(log.notices.size(), 1U);
    EXPECT_THAT(log.notices[0], HasSubstr("no checkpoint of 01234567: cannot make the folder"));
}

TEST(FreeBytes, AreThoseOfTheDiskOrAMachineError) {
    const TemporaryDirectory folder;
    EXPECT_GT(free_bytes(folder.path().string()), 0U);
    EXPECT_THROW((void)free_bytes((folder.path() / "absent").string()), MachineError);
}

}  // namespace
}  // namespace layersweep::test
