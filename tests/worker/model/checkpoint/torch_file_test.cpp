#include <thread>

#include "tests/support/read_text.hpp"
#include "tests/worker/model/checkpoint/checkpoint_fixture.hpp"

namespace layersweep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* weights = "pytorch_model.bin";

std::string content_of(const std::string& folder) {
    return read_text(fixture(folder) + "/" + weights);
}

std::string refusal_of_file(const std::string& content) {
    const TemporaryDirectory folder;
    folder.write(weights, content);
    return refusal_of(folder.path().string());
}

TEST(TorchFile, ReadsEveryFloatingTypeExactly) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("good"));
    EXPECT_THAT(values_of<float>(checkpoint, "wte.weight"), ElementsAre(0, .125, .25, .375, .5, .625, .75, .875, 1, 1.125, 1.25, 1.375));
    EXPECT_THAT(checkpoint.find("wte.weight")->shape, ElementsAre(4, 3));
    EXPECT_THAT(values_of<std::uint16_t>(checkpoint, "h.0.half"), ElementsAre(0x3e00, 0xc000, 0x7bff));
    EXPECT_THAT(values_of<std::uint16_t>(checkpoint, "h.0.bfloat"), ElementsAre(0x3f80, 0xbf00));
    EXPECT_THAT(values_of<double>(checkpoint, "h.0.double"), ElementsAre(0.1));
    EXPECT_EQ(checkpoint.find("h.0.bfloat")->type, StoredType::bf16);
}

TEST(TorchFile, ReadsParametersScalarsAndParts) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("good"));
    EXPECT_THAT(values_of<float>(checkpoint, "h.0.parameter"), ElementsAre(7, 8));
    EXPECT_THAT(values_of<float>(checkpoint, "scalar"), ElementsAre(3));
    EXPECT_TRUE(checkpoint.find("scalar")->shape.empty());
    EXPECT_THAT(values_of<float>(checkpoint, "tail"), ElementsAre(6, 7, 8, 9));
}

TEST(TorchFile, TiedTensorsShareTheirStorage) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("good"));
    EXPECT_EQ(checkpoint.find("lm_head.weight")->entry, checkpoint.find("wte.weight")->entry);
    EXPECT_EQ(values_of<float>(checkpoint, "lm_head.weight"), values_of<float>(checkpoint, "wte.weight"));
}

TEST(TorchFile, IntegerAndBoolTensorsAreNotListed) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("good"));
    EXPECT_THAT(checkpoint.names(),
                ElementsAre("h.0.bfloat", "h.0.double", "h.0.half", "h.0.parameter", "lm_head.weight", "scalar", "tail", "wte.weight"));
    EXPECT_EQ(checkpoint.find("h.0.attn.bias"), nullptr);
}

TEST(TorchFile, CountsWhatIsReadFromTheFile) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("good"));
    const std::uint64_t opened = checkpoint.bytes_read();
    EXPECT_GT(opened, 0U);
    (void)values_of<float>(checkpoint, "wte.weight");
    constexpr std::uint64_t tensor = 48, entry_header = 30;
    EXPECT_GE(checkpoint.bytes_read(), opened + tensor);
    EXPECT_LE(checkpoint.bytes_read(), opened + tensor + entry_header);
}

TEST(TorchFile, ConcurrentReadsAreExact) {
    const Checkpoint checkpoint = Checkpoint::open(fixture("good"));
    const auto read_often = [&] {
        for (int i = 0; i < 50; ++i) {
            EXPECT_THAT(values_of<float>(checkpoint, "tail"), ElementsAre(6, 7, 8, 9));
            EXPECT_THAT(values_of<float>(checkpoint, "h.0.parameter"), ElementsAre(7, 8));
        }
    };
    std::thread other(read_often);
    read_often();
    other.join();
}

TEST(TorchFile, RunsNothing) {
    EXPECT_THAT(refusal_of(fixture("hostile")), HasSubstr("names posix.system"));
    EXPECT_FALSE(std::filesystem::exists("/tmp/layersweep-was-here"));
}

TEST(TorchFile, RefusesUnknownNames) {
    EXPECT_THAT(refusal_of(fixture("unknown_global")), HasSubstr("names torch.device"));
}

TEST(TorchFile, RefusesLegacyFormat) {
    EXPECT_THAT(refusal_of(fixture("legacy")), HasSubstr("legacy format"));
}

TEST(TorchFile, RefusesCompressedEntries) {
    EXPECT_THAT(refusal_of(fixture("compressed")), HasSubstr("is compressed"));
}

TEST(TorchFile, RefusesEncryptedEntries) {
    std::string content = content_of("good");
    const std::size_t directory = content.find("PK\x01\x02");
    ASSERT_NE(directory, std::string::npos);
    content[directory + 8] = static_cast<char>(content[directory + 8] | 1);  // general purpose flag, bit 0
    EXPECT_THAT(refusal_of_file(content), HasSubstr("is encrypted"));
}

TEST(TorchFile, RefusesWhatIsNotContiguous) {
    EXPECT_THAT(refusal_of(fixture("transposed")), HasSubstr("\"turned\" is not contiguous"));
}

TEST(TorchFile, RefusesWhatIsNoFlatStateDict) {
    EXPECT_THAT(refusal_of(fixture("nested")), HasSubstr("\"a\" is not a tensor"));
    EXPECT_THAT(refusal_of(fixture("plain_list")), HasSubstr("holds no state dict"));
}

TEST(TorchFile, RefusesStoragesThatDoNotFit) {
    EXPECT_THAT(refusal_of(fixture("short_storage")), HasSubstr("in a storage of another size"));
    EXPECT_THAT(refusal_of(fixture("no_storage")), HasSubstr("\"wte.weight\" lies in storage 0"));
    EXPECT_THAT(refusal_of(fixture("no_pickle")), HasSubstr("holds no data.pkl"));
    EXPECT_THAT(refusal_of(fixture("big_endian")), HasSubstr("big-endian"));
}

TEST(TorchFile, RefusesTruncationAnywhere) {
    const std::string content = content_of("good");
    for (std::size_t length = 0; length < content.size(); length += 7) {
        EXPECT_FALSE(refusal_of_file(content.substr(0, length)).empty()) << length;
    }
    EXPECT_THAT(refusal_of_file(content.substr(0, content.size() - 1)), HasSubstr("not a whole zip file"));
}

TEST(TorchFile, RefusesWhatIsNoZipFile) {
    EXPECT_THAT(refusal_of_file("hello, world"), HasSubstr("is not a zip file"));
}

TEST(TorchFile, DamagedBytesAreRefusedOrReadNeverWorse) {
    const std::string content = content_of("good");
    std::size_t refused = 0;
    for (std::size_t place = 0; place < content.size(); ++place) {
        std::string damaged = content;
        damaged[place] = static_cast<char>(damaged[place] ^ 0x55);
        const TemporaryDirectory folder;
        folder.write(weights, damaged);
        try {
            const Checkpoint checkpoint = Checkpoint::open(folder.path().string());
            for (const std::string& name : checkpoint.names()) (void)values_of<std::byte>(checkpoint, name);
        } catch (const ConfigError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace layersweep::test
