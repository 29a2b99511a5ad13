#include "tests/worker/model/checkpoint/checkpoint_fixture.hpp"

namespace layersweep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ShardedCheckpoint : public ::testing::Test {
protected:
    ShardedCheckpoint() {
        shard("model-1.safetensors", "a", {1, 2});
        shard("model-2.safetensors", "b", {3});
        index(R"({"metadata":{"total_size":12},"weight_map":{"b":"model-2.safetensors","a":"model-1.safetensors"}})");
    }
    void shard(const std::string& file, const std::string& tensor, const std::vector<float>& values) {
        write_safetensors(path(file), {{tensor, StoredType::f32, {static_cast<std::int64_t>(values.size())}, bytes_of_values(values)}});
    }
    void index(const std::string& text) { folder_.write("model.safetensors.index.json", text); }
    [[nodiscard]] std::string path(const std::string& file) const { return (folder_.path() / file).string(); }
    [[nodiscard]] std::string folder() const { return folder_.path().string(); }

    TemporaryDirectory folder_;
};

TEST_F(ShardedCheckpoint, FindsTensorsInTheirShards) {
    const Checkpoint checkpoint = Checkpoint::open(folder());
    EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b"));
    EXPECT_THAT(values_of<float>(checkpoint, "a"), ElementsAre(1, 2));
    EXPECT_THAT(values_of<float>(checkpoint, "b"), ElementsAre(3));
    const auto expected = {path("model.safetensors.index.json"), path("model-1.safetensors"), path("model-2.safetensors")};
    EXPECT_THAT(checkpoint.files(), ::testing::ElementsAreArray(expected));
    EXPECT_EQ(checkpoint_files(folder()), checkpoint.files());
}

TEST_F(ShardedCheckpoint, CountsIndexAndHeaders) {
    const Checkpoint checkpoint = Checkpoint::open(folder());
    std::uint64_t files = 0;
    for (const std::string& file : checkpoint.files()) files += std::filesystem::file_size(file);
    EXPECT_EQ(checkpoint.bytes_read(), files - 12);
    (void)values_of<float>(checkpoint, "b");
    EXPECT_EQ(checkpoint.bytes_read(), files - 8);
}

TEST_F(ShardedCheckpoint, RefusesMissingShard) {
    std::filesystem::remove(path("model-2.safetensors"));
    EXPECT_THAT(refusal_of(folder()), HasSubstr("model-2.safetensors: is missing"));
    EXPECT_THAT(refusal([&] { (void)checkpoint_files(folder()); }), HasSubstr("model-2.safetensors: is missing"));
}

TEST_F(ShardedCheckpoint, RefusesTensorThatIsInAnotherShard) {
    index(R"({"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors"}})");
    EXPECT_THAT(refusal_of(folder()), HasSubstr("model-2.safetensors: does not hold tensor \"a\""));
}

TEST_F(ShardedCheckpoint, RefusesTensorThatIsInTwoShards) {
    shard("model-2.safetensors", "a", {9});
    EXPECT_THAT(refusal_of(folder()), HasSubstr("\"a\", which another shard holds too"));
}

TEST_F(ShardedCheckpoint, RefusesShardOutsideTheFolder) {
    for (const std::string hostile : {"\"../model-1.safetensors\"", "\"/etc/passwd\"", "\"..\"", "\"\"", "7", "\"a\\u0000b\""}) {
        index(R"({"weight_map":{"a":)" + hostile + "}}");
        EXPECT_THAT(refusal_of(folder()), HasSubstr("plain file names")) << hostile;
    }
}

TEST_F(ShardedCheckpoint, RefusesMalformedIndex) {
    index(R"({"weight_map":{"a":"model-1.safetensors","a":"model-2.safetensors"}})");
    EXPECT_THAT(refusal_of(folder()), HasSubstr("key \"a\" appears twice"));
    index("{}");
    EXPECT_THAT(refusal_of(folder()), HasSubstr("no \"weight_map\""));
    index("{\"weight_map\":");
    EXPECT_THAT(refusal_of(folder()), HasSubstr("malformed"));
}

TEST_F(ShardedCheckpoint, SafetensorsComeBeforeTorchAndOneFileBeforeShards) {
    folder_.write("pytorch_model.bin", "never read");
    EXPECT_THAT(Checkpoint::open(folder()).names(), ElementsAre("a", "b"));
    shard("model.safetensors", "single", {5});
    EXPECT_THAT(Checkpoint::open(folder()).names(), ElementsAre("single"));
    EXPECT_THAT(checkpoint_files(folder()), ElementsAre(path("model.safetensors")));
}

TEST_F(ShardedCheckpoint, RefusesFolderWithoutWeights) {
    EXPECT_THAT(refusal_of(folder() + "/absent"), HasSubstr("holds no weights"));
}

TEST(ShardedTorchCheckpoint, FindsTensorsInTheirShards) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("sharded"));
    EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b"));
    EXPECT_THAT(values_of<float>(checkpoint, "a"), ElementsAre(1, 2));
    EXPECT_THAT(values_of<float>(checkpoint, "b"), ElementsAre(3));
    EXPECT_EQ(checkpoint.files().size(), 3U);
}

}  // namespace
}  // namespace layersweep::test
