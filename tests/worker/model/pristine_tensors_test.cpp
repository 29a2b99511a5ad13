#include "worker/model/pristine_tensors.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <vector>

#include "tests/support/temporary_directory.hpp"
#include "worker/model/tensor_bytes.hpp"

namespace layersweep::test {
namespace {

/// Three tensors of 6 KB, 3 KB (half precision) and 600 KB.
class PristineTensorsTest : public ::testing::Test {
protected:
    PristineTensorsTest() {
        std::vector<float> numbers(150'000);
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(i % 977) / 7;
        std::vector<std::uint16_t> halves(1500);
        for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = std::uint16_t(i * 17 % 30'000);
        write_safetensors((folder_.path() / "model.safetensors").string(),
                          {{"small", StoredType::f32, {50, 30}, std::as_bytes(std::span(numbers).first(1500))},
                           {"half", StoredType::f16, {1500}, std::as_bytes(std::span(halves))},
                           {"large", StoredType::f32, {3000, 50}, std::as_bytes(std::span(numbers))}});
        checkpoint_ = std::make_unique<Checkpoint>(Checkpoint::open(folder_.path().string()));
    }
    [[nodiscard]] const Checkpoint& checkpoint() const { return *checkpoint_; }
    [[nodiscard]] const StoredTensor& stored(const std::string& name) const { return *checkpoint_->find(name); }
    /// In a load of its own.
    at::Tensor filled_by(PristineTensors& pristine, const std::string& name, at::ScalarType type = at::kDouble,
                         const std::string& model = "model") {
        pristine.begin_load();
        return filled_too(pristine, name, type, model);
    }
    at::Tensor filled_too(PristineTensors& pristine, const std::string& name, at::ScalarType type = at::kDouble,
                          const std::string& model = "model") {
        const auto out = at::full(stored(name).shape, -1, type);
        pristine.copy_to(out, {.fingerprint = model}, *checkpoint_, stored(name));
        return out;
    }
    /// What the file holds, read plainly.
    at::Tensor read(const std::string& name, at::ScalarType type = at::kDouble) {
        const auto numbers = at::empty(stored(name).shape, torch_type(stored(name).type));
        checkpoint_->read(stored(name), {static_cast<std::byte*>(numbers.mutable_data_ptr()), numbers.nbytes()});
        return numbers.to(type);
    }
    /// Bytes that `what` reads from the file.
    template <class What>
    std::uint64_t read_by(What what) {
        const auto before = checkpoint_->bytes_read();
        what();
        return checkpoint_->bytes_read() - before;
    }

private:
    TemporaryDirectory folder_;
    std::unique_ptr<Checkpoint> checkpoint_;
};

const at::Device cpu(at::kCPU);

TEST_F(PristineTensorsTest, GivesTheNumbersOfTheFileFirstAndAgain) {
    for (const std::size_t budget : {0U, 1'000'000U}) {
        PristineTensors pristine(cpu, budget);
        for (int round = 0; round < 2; ++round)
            for (const char* name : {"small", "half", "large"})
                for (const auto type : {at::kFloat, at::kDouble})
                    EXPECT_TRUE(filled_by(pristine, name, type).equal(read(name, type))) << name;
    }
}

TEST_F(PristineTensorsTest, ReadsOnce) {
    PristineTensors pristine(cpu, 1'000'000);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "small"); }), 6'000U);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "small", at::kFloat); }), 0U);
    EXPECT_EQ(pristine.bytes(), 6'000U);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "small", at::kFloat, "another model"); }), 6'000U);
    EXPECT_EQ(pristine.bytes(), 12'000U);
}

TEST_F(PristineTensorsTest, WithoutABudgetNothingIsKept) {
    PristineTensors pristine(cpu, 0);
    filled_by(pristine, "small");
    EXPECT_EQ(pristine.bytes(), 0U);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "small"); }), 6'000U);
}

TEST_F(PristineTensorsTest, WhatIsLargerThanTheBudgetPassesThroughAndDisplacesNothing) {
    PristineTensors pristine(cpu, 100'000);
    filled_by(pristine, "small");
    EXPECT_TRUE(filled_by(pristine, "large").equal(read("large")));
    EXPECT_EQ(pristine.bytes(), 6'000U);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "small"); }), 0U);
}

TEST_F(PristineTensorsTest, TheLeastRecentlyUsedGivesWay) {
    PristineTensors pristine(cpu, 10'000);
    filled_by(pristine, "small");
    filled_by(pristine, "half");
    filled_by(pristine, "small");                        // used last
    filled_by(pristine, "half", at::kFloat, "another");  // needs 3000 bytes: the first "half" goes
    EXPECT_EQ(pristine.bytes(), 9'000U);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "small"); }), 0U);
    EXPECT_EQ(read_by([&] { filled_by(pristine, "half"); }), 3'000U);
    EXPECT_LE(pristine.bytes(), 10'000U);
}

TEST_F(PristineTensorsTest, OfAModelThatIsLargerThanTheBudgetTheFirstTensorsStay) {
    PristineTensors pristine(cpu, 10'000);
    at::Tensor small, half, next;
    const auto load = [&] {
        pristine.begin_load();
        small = filled_too(pristine, "small");
        half = filled_too(pristine, "half");
        next = filled_too(pristine, "half", at::kDouble, "its next block");
    };
    EXPECT_EQ(read_by(load), 12'000U);
    EXPECT_EQ(pristine.bytes(), 9'000U);
    EXPECT_EQ(read_by(load), 3'000U) << "only what found no room";
    EXPECT_TRUE(small.equal(read("small")));
    for (const auto& one : {half, next}) EXPECT_TRUE(one.equal(read("half")));
}

TEST_F(PristineTensorsTest, ASmallerBudgetHoldsAtOnceAndALargerOneFromThenOn) {
    PristineTensors pristine(cpu, 10'000);
    filled_by(pristine, "small");
    filled_by(pristine, "half");
    pristine.limit_to(4'000);
    EXPECT_EQ(pristine.bytes(), 3'000U);
    pristine.limit_to(0);
    EXPECT_EQ(pristine.bytes(), 0U);
    pristine.limit_to(1'000'000);
    filled_by(pristine, "large");
    EXPECT_EQ(pristine.bytes(), 600'000U);
    pristine.clear();
    EXPECT_EQ(pristine.bytes(), 0U);
    EXPECT_TRUE(filled_by(pristine, "large").equal(read("large")));
    EXPECT_EQ(pristine.bytes(), 600'000U);
}

TEST_F(PristineTensorsTest, NobodyWritesToWhatIsKept) {
    PristineTensors pristine(cpu, 1'000'000);
    filled_by(pristine, "small", at::kFloat).zero_();
    EXPECT_TRUE(filled_by(pristine, "small").equal(read("small")));
}

TEST_F(PristineTensorsTest, ChosenRowsAreReadIntoNumbersOfAnyType) {
    const std::vector<std::int64_t> rows{0, 1, 7, 2999};
    for (const auto type : {at::kFloat, at::kDouble}) {
        const auto out = at::empty({4, 50}, type);
        read_rows(checkpoint(), stored("large"), rows, out);
        EXPECT_TRUE(out.equal(read("large", type).index_select(0, at::tensor(rows))));
    }
}

}  // namespace
}  // namespace layersweep::test
