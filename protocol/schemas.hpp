#pragma once

#include "protocol/json_fields.hpp"

// Every field of every struct that travels or is stored, by its name in JSON. A new field is added here and nowhere else.
namespace layersweep {

template <>
struct Schema<ModelRef> {
    static constexpr auto fields =
        std::tuple{Field{"name", &ModelRef::name}, Field{"path", &ModelRef::path}, Field{"fingerprint", &ModelRef::fingerprint}};
};
template <>
struct Schema<ClassLabel> {
    static constexpr auto fields = std::tuple{Field{"value", &ClassLabel::value}, Field{"word", &ClassLabel::word}};
};
template <>
struct Schema<DatasetRef> {
    static constexpr auto fields = std::tuple{
        Field{"name", &DatasetRef::name},
        Field{"format", &DatasetRef::format},
        Field{"folder", &DatasetRef::folder},
        Field{"train", &DatasetRef::train},
        Field{"test", &DatasetRef::test},
        Field{"validation", &DatasetRef::validation},
        Field{"header", &DatasetRef::header},
        Field{"text", &DatasetRef::text},
        Field{"label", &DatasetRef::label},
        Field{"classes", &DatasetRef::classes},
        Field{"template", &DatasetRef::prompt_template},
        Field{"fingerprint", &DatasetRef::fingerprint},
    };
};
template <>
struct Schema<TrainingSettings> {
    using S = TrainingSettings;
    static constexpr auto fields = std::tuple{
        Field{"shots", &S::shots},         Field{"demonstrations_per_class", &S::demonstrations_per_class},
        Field{"test_rows", &S::test_rows}, Field{"validation_rows", &S::validation_rows},
        Field{"batch", &S::batch},         Field{"epochs", &S::epochs},
        Field{"patience", &S::patience},   Field{"learning_rate", &S::learning_rate},
        Field{"beta1", &S::beta1},         Field{"beta2", &S::beta2},
        Field{"epsilon", &S::epsilon},     Field{"weight_decay", &S::weight_decay},
        Field{"dropout", &S::dropout},     Field{"loss", &S::loss},
        Field{"precision", &S::precision}, Field{"init", &S::init},
        Field{"prune", &S::prune},
    };
};
template <>
struct Schema<ResourceSettings> {
    static constexpr auto fields =
        std::tuple{Field{"device", &ResourceSettings::device}, Field{"threads_per_worker", &ResourceSettings::threads_per_worker},
                   Field{"gang", &ResourceSettings::gang}};
};
template <>
struct Schema<Shortcuts> {
    using S = Shortcuts;
    static constexpr auto fields =
        std::tuple{Field{"vocabulary", &S::vocabulary}, Field{"label_position", &S::label_position},
                   Field{"shared_prefix", &S::shared_prefix}, Field{"shared_prefix_in_training", &S::shared_prefix_in_training}};
};
template <>
struct Schema<Trial> {
    static constexpr auto fields = std::tuple{
        Field{"key", &Trial::key},
        Field{"model", &Trial::model},
        Field{"dataset", &Trial::dataset},
        Field{"mode", &Trial::mode},
        Field{"layers", &Trial::layers},
        Field{"seed", &Trial::seed},
        Field{"training", &Trial::training},
        Field{"resources", &Trial::resources},
        Field{"shortcuts", &Trial::shortcuts, Presence::since_later},
        Field{"other_axes", &Trial::other_axes},
    };
};
template <>
struct Schema<Attempt> {
    static constexpr auto fields =
        std::tuple{Field{"key", &Attempt::key}, Field{"life", &Attempt::life}, Field{"number", &Attempt::number}};
};
template <>
struct Schema<EpochRecord> {
    static constexpr auto fields = std::tuple{Field{"epoch", &EpochRecord::epoch}, Field{"train_loss", &EpochRecord::train_loss},
                                              Field{"validation_accuracy", &EpochRecord::validation_accuracy}};
};
template <>
struct Schema<Timings> {
    using T = Timings;
    static constexpr auto later = Presence::since_later;
    static constexpr auto fields = std::tuple{
        Field{"start_s", &T::start_s, later},
        Field{"load_s", &T::load_s},
        Field{"encode_s", &T::encode_s},
        Field{"train_s", &T::train_s},
        Field{"forward_s", &T::forward_s, later},
        Field{"backward_s", &T::backward_s, later},
        Field{"reduce_s", &T::reduce_s, later},
        Field{"wait_s", &T::wait_s, later},
        Field{"optimizer_s", &T::optimizer_s, later},
        Field{"evaluate_s", &T::evaluate_s},
        Field{"total_s", &T::total_s},
        Field{"floor_fraction", &T::floor_fraction, later},
        Field{"peak_memory_bytes", &T::peak_memory_bytes},
    };
};
/// All but the predictions, which travel (codec.cpp) and are not in the ledger.
template <>
struct Schema<Result> {
    static constexpr auto fields = std::tuple{
        Field{"accuracy", &Result::accuracy},
        Field{"macro_f1", &Result::macro_f1},
        Field{"confusion", &Result::confusion},
        Field{"best_epoch", &Result::best_epoch},
        Field{"best_validation_accuracy", &Result::best_validation_accuracy},
        Field{"curve", &Result::curve},
        Field{"steps", &Result::steps},
        Field{"train_tokens", &Result::train_tokens},
        Field{"parameters", &Result::parameters},
        Field{"train_rows", &Result::train_rows},
        Field{"validation_rows", &Result::validation_rows},
        Field{"test_rows", &Result::test_rows},
        Field{"train_rows_per_class", &Result::train_rows_per_class},
        Field{"cut_rows", &Result::cut_rows},
        Field{"weights_hash", &Result::weights_hash},
        Field{"timings", &Result::timings},
    };
};
template <>
struct Schema<TrialFailure> {
    static constexpr auto fields = std::tuple{Field{"reason", &TrialFailure::reason}, Field{"detail", &TrialFailure::detail}};
};
template <>
struct Schema<WorkerFacts> {
    static constexpr auto fields = std::tuple{Field{"host", &WorkerFacts::host}, Field{"pid", &WorkerFacts::pid},
                                              Field{"device", &WorkerFacts::device}, Field{"machine_class", &WorkerFacts::machine_class}};
};
template <>
struct Schema<MachineRates> {
    using R = MachineRates;
    static constexpr auto fields =
        std::tuple{Field{"fp32", &R::fp32}, Field{"tf32", &R::tf32},           Field{"bf16", &R::bf16},
                   Field{"fp64", &R::fp64}, Field{"bandwidth", &R::bandwidth}, Field{"operator_s", &R::operator_s}};
};
template <>
struct Schema<to_worker::Assign> {
    using M = to_worker::Assign;
    static constexpr auto fields = std::tuple{Field{"attempt", &M::attempt},
                                              Field{"trial", &M::trial},
                                              Field{"gang", &M::gang},
                                              Field{"epoch", &M::epoch},
                                              Field{"nccl_id", &M::nccl_id},
                                              Field{"checkpoints", &M::checkpoints},
                                              Field{"checkpoint_every_s", &M::checkpoint_every_s},
                                              Field{"likely_next", &M::likely_next}};
};
template <>
struct Schema<to_worker::Abandon> {
    using M = to_worker::Abandon;
    static constexpr auto fields = std::tuple{Field{"attempt", &M::attempt}, Field{"checkpoint", &M::checkpoint}};
};
template <>
struct Schema<to_worker::Alive> {
    static constexpr auto fields = std::tuple{};
};
template <>
struct Schema<to_worker::Stop> {
    static constexpr auto fields = std::tuple{};
};
template <>
struct Schema<to_coordinator::Hello> {
    using M = to_coordinator::Hello;
    static constexpr auto fields = std::tuple{Field{"facts", &M::facts}, Field{"nccl_id", &M::nccl_id}, Field{"rates", &M::rates}};
};
template <>
struct Schema<to_coordinator::Alive> {
    static constexpr auto fields = std::tuple{Field{"progress", &to_coordinator::Alive::progress}};
};
template <>
struct Schema<to_coordinator::Notice> {
    static constexpr auto fields = std::tuple{Field{"text", &to_coordinator::Notice::text}};
};
template <>
struct Schema<to_coordinator::Finished> {
    using M = to_coordinator::Finished;
    static constexpr auto fields = std::tuple{Field{"attempt", &M::attempt}, Field{"result", &M::result}, Field{"nccl_id", &M::nccl_id}};
};
template <>
struct Schema<to_coordinator::MemberDone> {
    using M = to_coordinator::MemberDone;
    static constexpr auto fields = std::tuple{Field{"attempt", &M::attempt}, Field{"nccl_id", &M::nccl_id}};
};
template <>
struct Schema<to_coordinator::Failed> {
    using M = to_coordinator::Failed;
    static constexpr auto fields = std::tuple{Field{"attempt", &M::attempt}, Field{"failure", &M::failure}, Field{"nccl_id", &M::nccl_id}};
};
template <>
struct Schema<to_coordinator::Abandoned> {
    using M = to_coordinator::Abandoned;
    static constexpr auto fields = std::tuple{Field{"attempt", &M::attempt}, Field{"nccl_id", &M::nccl_id}};
};

}  // namespace layersweep
