#include "protocol/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "protocol/errors.hpp"
#include "tests/support/messages.hpp"

namespace layersweep {
namespace {

using nlohmann::json;
using test::every_to_coordinator;
using test::every_to_worker;
using Bytes = std::vector<std::uint8_t>;
using Limits = std::numeric_limits<double>;

constexpr double awkward_doubles[] = {0.0,
                                      -0.0,
                                      5e-324,
                                      -5e-324,
                                      2.2250738585072009e-308,
                                      1.0 / 3.0,
                                      0.1 + 0.2,
                                      Limits::max(),
                                      Limits::min(),
                                      4503599627370497.5,
                                      1e22,
                                      9007199254740993.0};

std::uint64_t bits(double value) {
    return std::bit_cast<std::uint64_t>(value);
}

TEST(Codec, EveryMessageToAWorkerComesBackEqual) {
    for (const ToWorker& message : every_to_worker()) EXPECT_EQ(decode_to_worker(encode(message)), message) << "kind " << message.index();
}

TEST(Codec, EveryMessageToTheCoordinatorComesBackEqual) {
    for (const ToCoordinator& message : every_to_coordinator()) {
        EXPECT_EQ(decode_to_coordinator(encode(message)), message) << "kind " << message.index();
    }
}

TEST(Codec, DefaultValuesComeBackEqual) {
    const ToWorker assign = to_worker::Assign{};
    EXPECT_EQ(decode_to_worker(encode(assign)), assign);
    const ToCoordinator finished = to_coordinator::Finished{};
    EXPECT_EQ(decode_to_coordinator(encode(finished)), finished);
}

TEST(Codec, WhatOlderVersionsDidNotWriteKeepsItsDefault) {
    json result(test::full_result());
    for (const char* later : {"start_s", "forward_s", "backward_s", "reduce_s", "wait_s", "optimizer_s", "floor_fraction"})
        ASSERT_EQ(result["timings"].erase(later), 1U) << later;
    const auto back = result.get<Result>();
    EXPECT_EQ(back.timings.total_s, test::full_result().timings.total_s);
    EXPECT_EQ(back.timings.floor_fraction, 0);
    json trial(test::full_trial());
    ASSERT_EQ(trial.erase("shortcuts"), 1U);
    EXPECT_EQ(trial.get<Trial>().shortcuts, Shortcuts{});
    result["timings"].erase("total_s");
    EXPECT_THROW((void)result.get<Result>(), MachineError);
}

TEST(Codec, ScoresComeBackBitForBit) {
    to_coordinator::Finished finished;
    finished.result.predictions.push_back({.scores = {std::begin(awkward_doubles), std::end(awkward_doubles)}});
    const auto back = std::get<to_coordinator::Finished>(decode_to_coordinator(encode(ToCoordinator(finished))));
    const auto& scores = back.result.predictions.at(0).scores;
    ASSERT_EQ(scores.size(), std::size(awkward_doubles));
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(bits(scores[i]), bits(awkward_doubles[i])) << awkward_doubles[i];
}

TEST(Codec, NotANumberAndInfinitiesSurviveTheMessage) {
    to_coordinator::Finished finished;
    finished.result.predictions.push_back({.scores = {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}});
    const auto back = std::get<to_coordinator::Finished>(decode_to_coordinator(encode(ToCoordinator(finished))));
    const auto& scores = back.result.predictions.at(0).scores;
    EXPECT_EQ(bits(scores.at(0)), bits(Limits::quiet_NaN()));
    EXPECT_EQ(bits(scores.at(1)), bits(Limits::quiet_NaN())) << "every NaN becomes the one quiet NaN";
    EXPECT_EQ(scores.at(2), Limits::infinity());
    EXPECT_EQ(scores.at(3), -Limits::infinity());
}

TEST(Codec, EveryTruncationIsRefused) {
    const auto refuse_all_prefixes = [](const Bytes& whole, auto decode) {
        for (std::size_t length = 0; length < whole.size(); ++length) {
            EXPECT_THROW((void)decode(std::span(whole).first(length)), MachineError) << length << " of " << whole.size() << " bytes";
        }
    };
    for (const ToWorker& message : every_to_worker()) refuse_all_prefixes(encode(message), decode_to_worker);
    for (const ToCoordinator& message : every_to_coordinator()) refuse_all_prefixes(encode(message), decode_to_coordinator);
}

TEST(Codec, BytesBehindTheMessageAreRefused) {
    Bytes bytes = encode(ToWorker(to_worker::Stop{}));
    bytes.push_back(0);
    EXPECT_THROW((void)decode_to_worker(bytes), MachineError);
}

TEST(Codec, RandomBytesAreRefused) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20'000; ++round) {
        Bytes bytes(random() % 64);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        EXPECT_THROW((void)decode_to_worker(bytes), MachineError);
        EXPECT_THROW((void)decode_to_coordinator(bytes), MachineError);
    }
}

TEST(Codec, AMessageWithOneByteChangedIsReadOrRefusedNeverMore) {
    const Bytes whole = encode(every_to_coordinator().at(2));
    int refused = 0;
    for (std::size_t place = 0; place < whole.size(); ++place) {
        for (const int change : {0x01, 0x20, 0x80, 0xff}) {
            Bytes bytes = whole;
            bytes[place] ^= static_cast<std::uint8_t>(change);
            try {
                (void)decode_to_coordinator(bytes);
            } catch (const MachineError&) {
                ++refused;
            }
        }
    }
    EXPECT_GT(refused, 0);
}

TEST(Codec, EndlessNestingIsRefused) {
    for (const std::uint8_t start_of_array : {0x81, 0x9f}) {
        const Bytes bytes(2'000'000, start_of_array);
        EXPECT_THROW((void)decode_to_worker(bytes), MachineError);
    }
}

TEST(Codec, ClaimedSizesBeyondTheMessageAreRefused) {
    for (const std::uint8_t kind : {0x9b, 0xbb, 0x5b, 0x7b}) {
        EXPECT_THROW((void)decode_to_worker(Bytes{kind, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}), MachineError);
    }
}

/// A message, changed as JSON before it is decoded.
template <class Change>
Bytes changed(const ToCoordinator& message, Change change) {
    json value = json::from_cbor(encode(message));
    change(value);
    return json::to_cbor(value);
}

TEST(Codec, UnknownKeysAreIgnored) {
    const ToCoordinator message = every_to_coordinator().at(3);
    const Bytes bytes = changed(message, [](json& value) {
        value["new"] = {1, 2};
        value["result"]["new"] = "x";
    });
    EXPECT_EQ(decode_to_coordinator(bytes), message);
}

TEST(Codec, AnotherVersionIsRefusedAndNamed) {
    const Bytes bytes = changed(every_to_coordinator().at(0), [](json& value) { value["version"] = 7; });
    try {
        (void)decode_to_coordinator(bytes);
        FAIL() << "version 7 was read";
    } catch (const MachineError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("version 7"));
    }
}

TEST(Codec, MissingKeysUnknownKindsAndWrongTypesAreRefused) {
    const ToCoordinator failed = every_to_coordinator().at(5);
    const auto refuse = [](const Bytes& bytes) { EXPECT_THROW((void)decode_to_coordinator(bytes), MachineError); };
    refuse(changed(failed, [](json& value) { value.erase("failure"); }));
    refuse(changed(failed, [](json& value) { value["message"] = "assign"; }));
    refuse(changed(failed, [](json& value) { value["attempt"]["number"] = 1.5; }));
    refuse(changed(failed, [](json& value) { value["attempt"]["number"] = std::numeric_limits<std::uint64_t>::max(); }));
    refuse(changed(failed, [](json& value) { value["attempt"]["life"] = -1; }));
    refuse(changed(failed, [](json& value) { value["attempt"]["life"] = std::uint64_t{1} << 32; }));
    refuse(changed(failed, [](json& value) { value["attempt"] = {1, 2}; }));
    refuse(changed(every_to_coordinator().at(5), [](json& value) { value["failure"]["reason"] = "bad-luck"; }));
}

template <class T>
T through_text(const T& value) {
    return json::parse(json(value).dump()).template get<T>();
}

TEST(JsonForm, StructsSurviveTheLedgersText) {
    EXPECT_EQ(through_text(test::full_trial()), test::full_trial());
    EXPECT_EQ(through_text(test::full_attempt()), test::full_attempt());
    EXPECT_EQ(through_text(TrialFailure{FailureReason::bad_data, "row 3"}), (TrialFailure{FailureReason::bad_data, "row 3"}));
    const WorkerFacts facts{"n1", 12, "cpu", "avx2"};
    EXPECT_EQ(through_text(facts), facts);
}

TEST(JsonForm, AResultIsWrittenWithoutItsPredictions) {
    Result expected = test::full_result();
    EXPECT_FALSE(json(expected).contains("predictions"));
    expected.predictions.clear();
    EXPECT_EQ(through_text(test::full_result()), expected);
}

TEST(JsonForm, DoublesSurviveTextBitForBit) {
    for (const double value : awkward_doubles) {
        Result result;
        result.accuracy = value;
        EXPECT_EQ(bits(through_text(result).accuracy), bits(value)) << value;
    }
}

TEST(JsonForm, NotANumberAndInfinitiesAreNamedInText) {
    Result result;
    result.curve = {{1, Limits::quiet_NaN(), Limits::infinity()}, {2, -Limits::infinity(), 0}};
    const json written = json(result);
    EXPECT_EQ(written["curve"][0]["train_loss"], "nan");
    EXPECT_EQ(written["curve"][0]["validation_accuracy"], "inf");
    EXPECT_EQ(written["curve"][1]["train_loss"], "-inf");
    const Result back = through_text(result);
    EXPECT_TRUE(std::isnan(back.curve.at(0).train_loss));
    EXPECT_EQ(back.curve.at(0).validation_accuracy, Limits::infinity());
    EXPECT_EQ(back.curve.at(1).train_loss, -Limits::infinity());
}

TEST(JsonForm, AMalformedRecordIsAMachineErrorThatNamesTheField) {
    json value = json(test::full_trial());
    value["training"].erase("batch");
    try {
        (void)value.get<Trial>();
        FAIL() << "read without a batch";
    } catch (const MachineError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("'batch'"));
    }
    EXPECT_THROW((void)json(3).get<Trial>(), MachineError);
    EXPECT_THROW((void)json(nullptr).get<Attempt>(), MachineError);
}

}  // namespace
}  // namespace layersweep
