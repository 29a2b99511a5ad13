#include <thread>

#include "tests/support/read_text.hpp"
#include "tests/worker/model/checkpoint/checkpoint_fixture.hpp"
#include "worker/model/checkpoint/safetensors_file.hpp"

namespace layersweep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Safetensors : public ::testing::Test {
protected:
    std::string refusal_of_file(const std::string& content) {
        folder_.write("model.safetensors", content);
        return refusal_of(folder());
    }
    std::string refusal_of_header(const std::string& header, const std::string& data = std::string(8, 'x')) {
        return refusal_of_file(safetensors(header, data));
    }
    [[nodiscard]] std::string folder() const { return folder_.path().string(); }
    [[nodiscard]] std::string file() const { return (folder_.path() / "model.safetensors").string(); }

    TemporaryDirectory folder_;
};

TEST_F(Safetensors, KeepsEveryBitOfEveryType) {
    const std::vector<float> singles = {1.5F, -0.0F, 3.4e38F, 1e-45F};
    const std::vector<std::uint16_t> halves = {0x3c00, 0x7bff, 0x0001}, brains = {0x3f80, 0xff80};
    const std::vector<double> doubles = {0.1, -1e300};
    write_safetensors(file(), {{"half", StoredType::f16, {3}, bytes_of_values(halves)},
                               {"single", StoredType::f32, {2, 2}, bytes_of_values(singles)},
                               {"brain", StoredType::bf16, {2, 1}, bytes_of_values(brains)},
                               {"double", StoredType::f64, {2}, bytes_of_values(doubles)}});
    const Checkpoint checkpoint = Checkpoint::open(folder());
    EXPECT_THAT(checkpoint.names(), ElementsAre("brain", "double", "half", "single"));
    EXPECT_EQ(values_of<float>(checkpoint, "single"), singles);
    EXPECT_EQ(values_of<std::uint16_t>(checkpoint, "half"), halves);
    EXPECT_EQ(values_of<std::uint16_t>(checkpoint, "brain"), brains);
    EXPECT_EQ(values_of<double>(checkpoint, "double"), doubles);
    EXPECT_EQ(checkpoint.find("brain")->type, StoredType::bf16);
    EXPECT_THAT(checkpoint.find("single")->shape, ElementsAre(2, 2));
}

TEST_F(Safetensors, KeepsTheTextsOfItsMetadata) {
    const std::string text = R"({"a": "größe", "b": 0.1})";
    write_safetensors(file(), {}, {{"state", text}});
    const SafetensorsMetadata expected = {{"format", "pt"}, {"state", text}};
    EXPECT_EQ(SafetensorsFile(file(), 0).metadata(), expected);
    folder_.write("model.safetensors", safetensors(R"({"__metadata__":{"n":1,"t":"x"}})", ""));
    EXPECT_EQ(SafetensorsFile(file(), 0).metadata(), (SafetensorsMetadata{{"t", "x"}}));
}

TEST_F(Safetensors, WritesBytesThatComeInPieces) {
    const std::vector<float> values = {1, 2, 3};
    const auto bytes = bytes_of_values(values);
    const BytesToWrite pieces(bytes.size(), [&](const BytesToWrite::Take& take) {
        take(bytes.first(5));
        take(bytes.subspan(5));
    });
    write_safetensors(file(), {{"a", StoredType::f32, {3}, pieces}});
    EXPECT_EQ(values_of<float>(Checkpoint::open(folder()), "a"), values);
}

TEST_F(Safetensors, ReadsNoMoreThanHeaderAndTensor) {
    const std::vector<float> small = {1, 2}, large(1000, 3.0F);
    write_safetensors(
        file(), {{"small", StoredType::f32, {2}, bytes_of_values(small)}, {"large", StoredType::f32, {1000}, bytes_of_values(large)}});
    const Checkpoint checkpoint = Checkpoint::open(folder());
    const std::uint64_t header = std::filesystem::file_size(file()) - 8 - 4000;
    EXPECT_EQ(checkpoint.bytes_read(), header);
    EXPECT_EQ(values_of<float>(checkpoint, "small"), small);
    EXPECT_EQ(checkpoint.bytes_read(), header + 8);
}

TEST_F(Safetensors, ReadsJustTheRowsThatAreWanted) {
    std::vector<float> values(30);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(i);
    write_safetensors(file(), {{"table", StoredType::f32, {10, 3}, bytes_of_values(values)}});
    const Checkpoint checkpoint = Checkpoint::open(folder());
    const auto header = checkpoint.bytes_read();
    const std::vector<std::int64_t> rows = {0, 4, 5, 9};
    std::vector<float> read(12);
    checkpoint.read_rows(*checkpoint.find("table"), rows, std::as_writable_bytes(std::span(read)));
    EXPECT_THAT(read, ElementsAre(0, 1, 2, 12, 13, 14, 15, 16, 17, 27, 28, 29));
    EXPECT_EQ(checkpoint.bytes_read(), header + 12 * sizeof(float));
    const std::vector<std::int64_t> missing = {10};
    EXPECT_THROW(checkpoint.read_rows(*checkpoint.find("table"), missing, std::as_writable_bytes(std::span(read)).first(12)),
                 InvariantError);
}

TEST_F(Safetensors, WritesAlignedHeaderInOrderAndLeavesNothingAside) {
    const std::vector<float> values = {1};
    write_safetensors(file(), {{"b", StoredType::f32, {1}, bytes_of_values(values)}, {"a", StoredType::f32, {}, bytes_of_values(values)}});
    const std::string content = read_text(file());
    EXPECT_EQ((content.size() - 8) % 8, 0U);
    EXPECT_THAT(content, HasSubstr(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{)"));
    EXPECT_EQ(static_cast<std::size_t>(static_cast<unsigned char>(content[0])) % 8, 0U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), {}), 1);
}

TEST_F(Safetensors, WriterRefusesBytesThatDoNotFitTheShape) {
    const std::vector<float> values = {1};
    EXPECT_THROW(write_safetensors(file(), {{"a", StoredType::f32, {2}, bytes_of_values(values)}}), InvariantError);
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Safetensors, WriterSaysWhereItCannotWrite) {
    EXPECT_THROW(write_safetensors(folder() + "/absent/model.safetensors", {}), MachineError);
}

TEST_F(Safetensors, IntegerTensorsAreNotListed) {
    folder_.write("model.safetensors", safetensors(R"({"mask":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]},)"
                                                   R"("w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                                   std::string(8, '\0')));
    const Checkpoint checkpoint = Checkpoint::open(folder());
    EXPECT_THAT(checkpoint.names(), ElementsAre("w"));
    EXPECT_EQ(checkpoint.find("mask"), nullptr);
}

TEST_F(Safetensors, ConcurrentReadsAreExact) {
    std::vector<float> first(5000, 1.0F), second(5000, 2.0F);
    write_safetensors(
        file(), {{"first", StoredType::f32, {5000}, bytes_of_values(first)}, {"second", StoredType::f32, {5000}, bytes_of_values(second)}});
    const Checkpoint checkpoint = Checkpoint::open(folder());
    const std::uint64_t header = checkpoint.bytes_read();
    std::vector<float> got_first, got_second;
    std::thread other([&] { got_first = values_of<float>(checkpoint, "first"); });
    got_second = values_of<float>(checkpoint, "second");
    other.join();
    EXPECT_EQ(got_first, first);
    EXPECT_EQ(got_second, second);
    EXPECT_EQ(checkpoint.bytes_read(), header + 40000);
}

TEST_F(Safetensors, RefusesTruncation) {
    EXPECT_THAT(refusal_of_file("abc"), HasSubstr("truncated"));
    EXPECT_THAT(refusal_of_file(safetensors("{}", "").substr(0, 9)), HasSubstr("ends inside its header"));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})"), HasSubstr("\"a\" ends at byte 16 of 8"));
}

TEST_F(Safetensors, RefusesOversizedHeader) {
    std::string huge("\x01\xe1\xf5\x05\x00\x00\x00\x00", 8);  // one byte above the format's limit
    EXPECT_THAT(refusal_of_file(huge), HasSubstr("header of 100000001 bytes"));
    EXPECT_THAT(refusal_of_file(std::string(8, '\xff')), HasSubstr("header of 18446744073709551615 bytes"));
}

TEST_F(Safetensors, RefusesOverlapHoleAndRest) {
    const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
    EXPECT_THAT(refusal_of_header("{" + a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"), HasSubstr("overlaps another"));
    EXPECT_THAT(refusal_of_header("{" + a + R"(,"b":{"dtype":"I16","shape":[3],"data_offsets":[2,8]}})"),
                HasSubstr("\"b\" overlaps another"));
    EXPECT_THAT(refusal_of_header(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"), HasSubstr("hole before tensor \"b\""));
    EXPECT_THAT(refusal_of_header("{" + a + "}"), HasSubstr("4 bytes after its last tensor"));
}

TEST_F(Safetensors, RefusesSizeThatContradictsShape) {
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"), HasSubstr("\"a\" has 8 bytes"));
    // 2^62 times 4 elements of 4 bytes is 0 in 64 bits.
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})"),
                HasSubstr("\"a\" has 0 bytes"));
}

TEST_F(Safetensors, RefusesMalformedFields) {
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"), HasSubstr("\"shape\" with -2"));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})"), HasSubstr("\"shape\" with 2.0"));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":"2","data_offsets":[0,8]}})"), HasSubstr("no list \"shape\""));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"), HasSubstr("no valid data_offsets"));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}})"), HasSubstr("no valid data_offsets"));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[2]}})"), HasSubstr("no list \"data_offsets\""));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":1,"shape":[2],"data_offsets":[0,8]}})"), HasSubstr("no dtype"));
    EXPECT_THAT(refusal_of_header(R"({"a":[1]})"), HasSubstr("no dtype"));
}

TEST_F(Safetensors, RefusesHostileJson) {
    const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    EXPECT_THAT(refusal_of_header("{" + a + "," + a + "}"), HasSubstr("key \"a\" appears twice"));
    EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}})"),
                HasSubstr("\"dtype\" appears twice"));
    EXPECT_THAT(refusal_of_header("{\"a\":"), HasSubstr("malformed"));
    EXPECT_THAT(refusal_of_header("[]"), HasSubstr("not an object"));
    EXPECT_THAT(refusal_of_header("{\"\xff\":1}"), HasSubstr("malformed"));
    EXPECT_THAT(refusal_of_header("{\"a\":" + std::string(100000, '[')), HasSubstr("nested too deep"));
}

TEST_F(Safetensors, RefusesFolderInPlaceOfFile) {
    std::filesystem::create_directory(file());
    EXPECT_THAT(refusal_of(folder()), HasSubstr("not a regular file"));
}

TEST_F(Safetensors, ReadsRealModel) {
    const std::string model = LAYERSWEEP_SOURCE_DIR "/../shared/models/small-gpt2";
    if (!std::filesystem::exists(model)) GTEST_SKIP() << "there is no " << model;
    const Checkpoint checkpoint = Checkpoint::open(model);
    const std::uint64_t header = checkpoint.bytes_read();
    EXPECT_LT(header, std::filesystem::file_size(model + "/model.safetensors") / 10);
    std::uint64_t total = 0;
    for (const std::string& name : checkpoint.names()) total += values_of<std::byte>(checkpoint, name).size();
    EXPECT_GT(total, 0U);
    EXPECT_EQ(checkpoint.bytes_read(), header + total);
}

}  // namespace
}  // namespace layersweep::test
