#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace layersweep {

enum class Mode { lm, p_cls, cls };
enum class Precision { fp32, tf32, bf16, fp64 };
enum class Loss { label_words, vocabulary, prompt };
enum class Init { pretrained, random };
enum class Prune { first, last, alternate, ends, random };
enum class Device { automatic, cpu, cuda };

/// The names that the sweep file, the ledger and the reports use ("p-cls", "label-words", …). `parse` returns nullopt for any other text.
std::string_view name_of(Mode);
std::string_view name_of(Precision);
std::string_view name_of(Loss);
std::string_view name_of(Init);
std::string_view name_of(Prune);
std::string_view name_of(Device);
template <class Enum>
std::optional<Enum> parse(std::string_view name);
/// Every name of the enum in declaration order, for help texts and error messages.
template <class Enum>
std::vector<std::string_view> names();

/// Whether the loss needs a score for every token of the vocabulary, not for the label words alone.
[[nodiscard]] constexpr bool reads_whole_vocabulary(Mode mode, Loss loss) {
    return mode == Mode::lm && loss != Loss::label_words;
}

/// Content hash of all settings that define a trial: 32 lower-case hexadecimal digits (XXH3, 128 bits).
struct TrialKey {
    std::string hex;
    /// Enough to tell the trials of a sweep apart, for people.
    [[nodiscard]] std::string beginning() const { return hex.substr(0, 8); }
    auto operator<=>(const TrialKey&) const = default;
};

/// A Hugging Face folder with its content fingerprint (32 hexadecimal digits). The path says where, the fingerprint says what.
struct ModelRef {
    std::string name;
    std::string path;
    std::string fingerprint;
    bool operator==(const ModelRef&) const = default;
};

/// One class of a data set: the value that stands in the file and the word that the language model is to say.
struct ClassLabel {
    std::string value;
    std::string word;  ///< without the leading space that the prompt puts in front
    bool operator==(const ClassLabel&) const = default;
};

/// A data set as the sweep file names it; paths are absolute. The built-in formats (sst2, emoc, trec, agnews) use `folder` and know
/// columns, classes and template; the generic ones (csv, tsv) use the file lists and all the fields below them.
struct DatasetRef {
    std::string name;
    std::string format;  ///< sst2 | emoc | trec | agnews | csv | tsv
    std::string folder;  ///< built-in formats only
    std::vector<std::string> train, test, validation;
    bool header = true;
    std::string text;                 ///< columns in braces, e.g. "{title}. {body}"
    std::string label;                ///< column with the label
    std::vector<ClassLabel> classes;  ///< in class-id order
    std::string prompt_template;      ///< e.g. "Review: {text}\nSentiment:", without the label word
    std::string fingerprint;          ///< 32 hexadecimal digits over file contents and the fields above (no paths)
    bool operator==(const DatasetRef&) const = default;
};

/// Every training setting of one trial. Part of its key where it applies to the mode.
struct TrainingSettings {
    std::optional<std::int64_t> shots = 200;       ///< training rows per class; nullopt: all that validation leaves
    std::int64_t demonstrations_per_class = 1;     ///< in every prompt (lm, p-cls)
    std::optional<std::int64_t> test_rows = 1000;  ///< min(this, size); nullopt: all
    std::optional<std::int64_t> validation_rows;   ///< nullopt: as many as test rows
    std::int64_t batch = 1;                        ///< rows per optimizer step, over the whole gang
    std::int64_t epochs = 50;                      ///< 0: the cut model is evaluated as it is
    std::optional<std::int64_t> patience = 15;     ///< epochs without a strict rise of validation accuracy; nullopt: never stop early
    double learning_rate = 5.0e-5;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1.0e-8;
    double weight_decay = 0.01;     ///< on all parameters, decoupled (AdamW)
    std::optional<double> dropout;  ///< one number for embeddings, attention, residuals; nullopt: from the model's config
    Loss loss = Loss::label_words;  ///< lm only
    Precision precision = Precision::fp32;
    Init init = Init::pretrained;
    Prune prune = Prune::first;
    bool operator==(const TrainingSettings&) const = default;
};

/// Where and how wide a trial runs; never part of its key.
struct ResourceSettings {
    Device device = Device::automatic;
    std::int64_t threads_per_worker = 1;  ///< CPU only
    std::int64_t gang = 1;                ///< workers that train one trial together
    bool operator==(const ResourceSettings&) const = default;
};

/// Exact ways to compute a trial faster; what is valid for it is decided in orchestrator/grid. Not part of its key: rounding aside, the
/// numbers are the same; with dropout, other masks of the same distribution are drawn.
struct Shortcuts {
    bool vocabulary = false;      ///< keep only the rows of both embedding tables that the trial can read
    bool label_position = false;  ///< compute the last block only where its output is read
    bool shared_prefix = false;   ///< compute once what all inputs begin with: in evaluation
    bool shared_prefix_in_training = false;
    bool operator==(const Shortcuts&) const = default;
};
/// The names of those in use, parted by spaces; "none".
std::string text_of(const Shortcuts& shortcuts);

/// One grid point with every setting resolved.
struct Trial {
    TrialKey key;
    ModelRef model;
    DatasetRef dataset;
    Mode mode = Mode::lm;
    std::int64_t layers = 1;  ///< decoder blocks kept; a number also where the sweep file said "all"
    std::uint64_t seed = 0;
    TrainingSettings training;
    ResourceSettings resources;
    Shortcuts shortcuts;
    /// Axes besides model, dataset, mode, layers, seed, in the order of the sweep file, as they are printed in the reports.
    std::vector<std::pair<std::string, std::string>> other_axes;
    bool operator==(const Trial&) const = default;
};

}  // namespace layersweep
