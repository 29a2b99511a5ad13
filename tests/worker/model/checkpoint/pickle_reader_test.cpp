#include "worker/model/checkpoint/pickle_reader.hpp"

#include "tests/worker/model/checkpoint/checkpoint_fixture.hpp"
#include "worker/model/checkpoint/state_dict.hpp"

namespace layersweep::test {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

const std::string where = "weights.bin";
const std::string begin = "\x80\x02";

PickleDocument read(const std::string& pickle) {
    return {where, std::as_bytes(std::span(pickle))};
}

std::string refusal_of_pickle(const std::string& pickle) {
    return refusal([&] { (void)read(pickle); });
}

std::string refusal_of_dict(const std::string& pickle) {
    const PickleDocument document = read(pickle);
    return refusal([&] { (void)read_state_dict(where, document.root()); });
}

std::string text(const std::string& value) {
    return "X" + std::string(1, static_cast<char>(value.size())) + "\0\0\0"s + value;
}
std::string global(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
}
std::string number(std::int64_t value) {
    std::string bytes("\x8a\x08");
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
    return bytes;
}
std::string numbers(const std::vector<std::int64_t>& values) {
    std::string bytes = "(";
    for (const std::int64_t value : values) bytes += number(value);
    return bytes + "t";
}

/// {"w": a float tensor in storage "0"}, as PyTorch writes it.
std::string one_tensor(std::int64_t storage_elements, std::int64_t first, const std::vector<std::int64_t>& shape,
                       const std::vector<std::int64_t>& strides) {
    const std::string id =
        "(" + text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") + number(storage_elements) + "t";
    const std::string arguments = "(" + id + "Q" + number(first) + numbers(shape) + numbers(strides) + "\x89" + "}" + "t";
    return begin + "}" + text("w") + global("torch._utils", "_rebuild_tensor_v2") + arguments + "R" + "s.";
}

std::string repeated(const std::string& piece, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += piece;
    return all;
}

std::int64_t integer(const std::string& pickle) {
    return std::get<std::int64_t>(read(pickle).root().data);
}

TEST(PickleReader, ReadsNumbersOfEveryWidth) {
    EXPECT_EQ(integer(begin + "K\xff."), 255);
    EXPECT_EQ(integer(begin + "M\x01\x02."), 0x0201);
    EXPECT_EQ(integer(begin + "J\xfe\xff\xff\xff."), -2);
    EXPECT_EQ(integer(begin + "\x8a\x01\xff."s), -1);
    EXPECT_EQ(integer(begin + "\x8a\x00."s), 0);
    EXPECT_EQ(integer(begin + number(-5'000'000'000) + "."), -5'000'000'000);
}

TEST(PickleReader, RefusesOpcodesThatStateDictsDoNotUse) {
    EXPECT_THAT(refusal_of_pickle(begin + "i"), HasSubstr("opcode 0x69 ('i')"));     // INST
    EXPECT_THAT(refusal_of_pickle(begin + ")\x81."), HasSubstr("opcode 0x81"));      // NEWOBJ
    EXPECT_THAT(refusal_of_pickle(begin + "\x93."), HasSubstr("opcode 0x93"));       // STACK_GLOBAL
    EXPECT_THAT(refusal_of_pickle(begin + "\x82\x01."s), HasSubstr("opcode 0x82"));  // EXT1
}

TEST(PickleReader, RefusesNamesByName) {
    EXPECT_THAT(refusal_of_pickle(begin + global("builtins", "eval")), HasSubstr("names builtins.eval"));
    EXPECT_THAT(refusal_of_pickle(begin + global("torch", "FloatStorage.__init__")), HasSubstr("names torch.FloatStorage.__init__"));
    EXPECT_THAT(refusal_of_pickle(begin + global("torch._utils._rebuild_tensor_v2", "x")), HasSubstr("names torch._utils"));
}

TEST(PickleReader, RefusesOtherProtocols) {
    EXPECT_THAT(refusal_of_pickle("\x80\x05."), HasSubstr("pickle protocol 5"));
}

TEST(PickleReader, RefusesCallsThatStateDictsDoNotMake) {
    const std::string calls = "calls what state dicts do not call";
    EXPECT_THAT(refusal_of_pickle(begin + global("torch", "FloatStorage") + ")R."), HasSubstr(calls));
    EXPECT_THAT(refusal_of_pickle(begin + global("torch._utils", "_rebuild_tensor_v2") + ")R."), HasSubstr(calls));
    EXPECT_THAT(refusal_of_pickle(begin + "K\x01)R."), HasSubstr(calls));
    EXPECT_THAT(refusal_of_pickle(begin + global("collections", "OrderedDict") + "]\x85R."), HasSubstr(calls));
}

TEST(PickleReader, RefusesWhatEndsTooEarly) {
    const std::string whole = one_tensor(4, 0, {2, 2}, {2, 1});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_THAT(refusal_of_pickle(whole.substr(0, length)), HasSubstr("ends inside")) << length;
    }
    EXPECT_THAT(refusal_of_pickle(begin + "X\xff\xff\xff\xff"), HasSubstr("ends inside"));
}

TEST(PickleReader, RefusesStackMistakes) {
    EXPECT_THAT(refusal_of_pickle(begin + "."), HasSubstr("more or less than one object"));
    EXPECT_THAT(refusal_of_pickle(begin + "NN."), HasSubstr("more or less than one object"));
    EXPECT_THAT(refusal_of_pickle(begin + "R."), HasSubstr("empty stack"));
    EXPECT_THAT(refusal_of_pickle(begin + "}(s."), HasSubstr("empty stack"));
    EXPECT_THAT(refusal_of_pickle(begin + "t."), HasSubstr("mark that is not set"));
    EXPECT_THAT(refusal_of_pickle(begin + "q\x01."), HasSubstr("remembers from an empty stack"));
    EXPECT_THAT(refusal_of_pickle(begin + "h\x07."), HasSubstr("recalls value 7"));
    EXPECT_THAT(refusal_of_pickle(begin + "}NNNu."), HasSubstr("mark that is not set"));
    EXPECT_THAT(refusal_of_pickle(begin + "}(NNNu."), HasSubstr("key without a value"));
    EXPECT_THAT(refusal_of_pickle(begin + "NNa."), HasSubstr("appends to what is no list"));
    EXPECT_THAT(refusal_of_pickle(begin + "N}b."), HasSubstr("attributes of what is no dictionary"));
}

TEST(PickleReader, RefusesNumbersThatAreTooLong) {
    EXPECT_THAT(refusal_of_pickle(begin + "\x8a\x09"), HasSubstr("number of 9 bytes"));
}

TEST(PickleReader, RefusesMoreThanItsLimits) {
    EXPECT_THAT(refusal_of_pickle(begin + std::string(1'000'001, 'N')), HasSubstr("stacks more than"));
    EXPECT_THAT(refusal_of_pickle(begin + std::string(1'000'001, '(')), HasSubstr("marks"));
    EXPECT_THAT(refusal_of_pickle(begin + "N" + std::string(2'000'001, '\x94')), HasSubstr("remembers more than"));
    EXPECT_THAT(refusal_of_pickle(begin + "N" + repeated("N\x86", 2'000'001)), HasSubstr("holds more than"));
}

TEST(PickleReader, DepthAndCyclesCostNoStack) {
    EXPECT_NO_THROW((void)read(begin + "N" + std::string(1'000'000, '\x85') + "."));
    EXPECT_THAT(refusal_of_dict(begin + "}q\x01" + text("w") + "h\x01s."), HasSubstr("\"w\" is not a tensor"));
}

TEST(StateDict, PlacesTensorsInTheirStorage) {
    const PickleDocument document = read(one_tensor(10, 6, {2, 1, 2}, {2, 99, 1}));
    const StateDict dict = read_state_dict(where, document.root());
    ASSERT_EQ(dict.tensors.size(), 1U);
    EXPECT_EQ(dict.tensors[0].tensor.location, 24U);
    EXPECT_EQ(dict.tensors[0].storage, "0");
}

TEST(StateDict, RefusesTensorsOutsideTheirStorage) {
    const std::string outside = "\"w\" does not fit into its storage";
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 1, {2, 2}, {2, 1})), HasSubstr(outside));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, -1, {2}, {1})), HasSubstr(outside));
    EXPECT_THAT(refusal_of_dict(one_tensor(-4, 0, {2}, {1})), HasSubstr(outside));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 5, {0}, {1})), HasSubstr(outside));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 0, {std::int64_t{1} << 61}, {1})), HasSubstr(outside));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 0, {std::int64_t{1} << 62, 4}, {4, 1})), HasSubstr("impossible shape"));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 0, {-1}, {1})), HasSubstr("impossible shape"));
}

TEST(StateDict, RefusesOtherStrides) {
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 0, {2, 2}, {1, 2})), HasSubstr("\"w\" is not contiguous"));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 0, {4}, {0})), HasSubstr("\"w\" is not contiguous"));
    EXPECT_THAT(refusal_of_dict(one_tensor(4, 0, {4}, {1, 1})), HasSubstr("described as PyTorch does not"));
}

TEST(StateDict, RefusesWhatManyNamesCouldShareAndMultiply) {
    const std::vector<std::int64_t> ones(65, 1);
    EXPECT_THAT(refusal_of_dict(one_tensor(1, 0, ones, ones)), HasSubstr("\"w\" has more than 64 dimensions"));
    std::string pickle = one_tensor(1, 0, {1}, {1});
    pickle.replace(pickle.find(text("0")), text("0").size(), text(std::string(101, '0')));
    EXPECT_THAT(refusal_of_dict(pickle), HasSubstr("\"w\" lies in a storage of a very long name"));
}

TEST(StateDict, RefusesRepeatedAndUnnamedKeys) {
    EXPECT_THAT(refusal_of_dict(begin + "}K\x01Ns."), HasSubstr("key that is not text"));
    const std::string tensor = one_tensor(1, 0, {1}, {1});
    const std::string item = tensor.substr(begin.size() + 1, tensor.size() - begin.size() - 2);
    EXPECT_THAT(refusal_of_dict(begin + "}" + item + item + "."), HasSubstr("key \"w\" appears twice"));
}

}  // namespace
}  // namespace layersweep::test
