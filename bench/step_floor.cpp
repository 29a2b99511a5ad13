// How close does a training step come to the least time that this machine allows? Shapes of GPT-2 small, GPT2-XL, OPT-1.3b and
// SmolLM2-135M with random weights, inputs of the lengths that prompts and texts of TREC have; the floor is what protocol/work.hpp counts
// over what the machine was measured to do a moment before.
//   step_floor [--shapes gpt2,gpt2-xl,opt-1.3b,smollm2] [--layers 1,2,12] [--batch 1,32] [--precision fp32,bf16] [--modes lm,cls]
//              [--threads 1]
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "protocol/errors.hpp"
#include "worker/data/philox.hpp"
#include "worker/device/calibration.hpp"
#include "worker/device/phase_clock.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/gang_step.hpp"
#include "worker/training/optimizer.hpp"

namespace {

using namespace layersweep;
namespace fs = std::filesystem;

/// config.json by shape, as far as the number of blocks.
const std::map<std::string, std::string>& configs() {
    static const std::map<std::string, std::string> all{
        {"gpt2", R"({"model_type":"gpt2","n_embd":768,"n_head":12,"vocab_size":50257,"n_positions":1024,"n_layer":)"},
        {"gpt2-xl", R"({"model_type":"gpt2","n_embd":1600,"n_head":25,"vocab_size":50257,"n_positions":1024,"n_layer":)"},
        {"opt-1.3b",
         R"({"model_type":"opt","hidden_size":2048,"num_attention_heads":32,"ffn_dim":8192,"vocab_size":50272,"max_position_embeddings":2048,"word_embed_proj_dim":2048,"num_hidden_layers":)"},
        {"smollm2",
         R"({"model_type":"llama","hidden_size":576,"num_attention_heads":9,"num_key_value_heads":3,"intermediate_size":1536,"vocab_size":49152,"max_position_embeddings":8192,"rope_theta":100000,"tie_word_embeddings":true,"num_hidden_layers":)"},
    };
    return all;
}

/// A folder with a model of this shape whose weights take no room: a file with holes.
class SparseModel {
public:
    SparseModel(const std::string& shape, std::int64_t layers)
        : folder_(fs::temp_directory_path() / fmt::format("layersweep-step-floor-{}", getpid())),
          fingerprint_(fmt::format("{} {}", shape, layers)) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        std::ofstream(folder_ / "config.json") << configs().at(shape) << layers << "}\n";
        for (const char* name : {"vocab.json", "merges.txt"})
            fs::copy(fs::path(LAYERSWEEP_SOURCE_DIR) / "configs/demo/models/tiny-gpt2" / name, folder_ / name);
        write_weights(layers);
    }
    ~SparseModel() {
        std::error_code error;
        fs::remove_all(folder_, error);
    }
    SparseModel(const SparseModel&) = delete;
    SparseModel& operator=(const SparseModel&) = delete;

    [[nodiscard]] ModelRef ref() const { return {.name = "model", .path = folder_.string(), .fingerprint = fingerprint_}; }

private:
    void write_weights(std::int64_t layers) const {
        const auto spec = read_decoder_spec(folder_.string());
        nlohmann::json header;
        std::int64_t offset = 0;
        for (const auto& source : parameter_sources(spec, kept_blocks(layers, layers, Prune::first, 0)))
            for (const auto& part : source.parts) {
                auto bytes = std::int64_t(sizeof(float));
                for (const auto n : part.shape) bytes *= n;
                header[part.names.front()] = {{"dtype", "F32"}, {"shape", part.shape}, {"data_offsets", {offset, offset + bytes}}};
                offset += bytes;
            }
        const auto text = header.dump();
        const auto length = std::uint64_t(text.size());
        const auto path = folder_ / "model.safetensors";
        std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&length), sizeof length) << text;
        fs::resize_file(path, sizeof length + text.size() + std::uint64_t(offset));
    }
    fs::path folder_;
    std::string fingerprint_;
};

/// Token ids as a text has them: a few very often, most of them seldom.
std::int32_t token(RandomStream& random) {
    return std::int32_t(std::exp(random.uniform() * std::log(20'000.0)));
}

/// As TREC's: questions of 8 to 30 tokens, for `lm` behind 120 tokens of demonstrations.
EncodedTask task_of(Mode mode) {
    RandomStream random(0, "step_floor");
    std::vector<std::int32_t> head(mode == Mode::cls ? 0 : 120);
    for (auto& id : head) id = token(random);
    EncodedTask task;
    for (std::int32_t row = 0; row < 320; ++row) {
        EncodedRow encoded{.ids = head, .row = row, .label = row % 6};
        const auto own = 8 + std::int64_t(random.uniform() * 23);
        for (std::int64_t i = 0; i < own; ++i) encoded.ids.push_back(token(random));
        task.training.push_back(std::move(encoded));
    }
    task.label_token_ids = {100, 200, 300, 400, 500, 600};
    measure(task);
    return task;
}

struct Setting {
    std::string shape;
    std::int64_t layers = 1, batch = 1;
    Precision precision = Precision::fp32;
    Mode mode = Mode::lm;
};

Trial trial_of(const Setting& setting, const ModelRef& model) {
    Trial trial{.model = model, .mode = setting.mode, .layers = setting.layers};
    trial.training.batch = setting.batch;
    trial.training.dropout = 0;
    trial.training.precision = setting.precision;
    const bool prompts = setting.mode != Mode::cls;
    trial.shortcuts = {true, true, prompts, prompts};
    return trial;
}

std::int64_t memory_bytes() {
    return std::int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

void measure_setting(const Setting& setting, WarmStore& store, const MachineRates& rates) {
    const SparseModel folder(setting.shape, setting.layers);
    const auto trial = trial_of(setting, folder.ref());
    const auto task = task_of(setting.mode);
    const auto& spec = store.model(trial.model).spec;
    const auto size = size_of(spec);
    const auto name = fmt::format("{:<9} {:<5} {:>6} {:>5} {:<5}", setting.shape, name_of(setting.mode), setting.layers, setting.batch,
                                  name_of(setting.precision));
    if (6 * 4 * held_parameters(trial, size, task.size) > 0.7 * double(memory_bytes())) {
        fmt::print("{}  does not fit into this machine's memory\n", name);
        return;
    }
    CutModel model(trial, task, store);
    model.parameters().values().normal_(0, 0.02);
    AdamW optimizer(model.parameters(), trial.training);
    const auto gang = solo_collective();
    PhaseClock clock(model.device());
    std::vector<double> seconds;
    const auto steps = steps_per_epoch(trial, task.size);
    const auto begin = std::chrono::steady_clock::now();
    const auto since = [](auto start) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
    Timings timings;
    for (std::int64_t step = 0; step < 3 || (since(begin) < 6 && step < 200); ++step) {
        const auto start = std::chrono::steady_clock::now();
        std::vector<const EncodedRow*> rows;
        for (std::int64_t i = 0; i < setting.batch; ++i)
            rows.push_back(&task.training[std::size_t((step % steps) * setting.batch + i) % task.training.size()]);
        clock.begin();
        (void)gang_backward(model, *gang, rows, {}, WhatNext::go_on, clock, timings);
        clock.begin();
        optimizer.step(model.parameters());
        clock.end_of(timings.optimizer_s);
        if (step > 0) seconds.push_back(since(start));
        if (step == 0) timings = {};
    }
    double total = 0;
    for (const auto s : seconds) total += s;
    const auto floor = floor_s(training_epoch(trial, size, task.size), rates, setting.precision) / double(steps);
    const auto work = training_epoch(trial, size, task.size).times(1e-9 / double(steps));
    std::ranges::sort(seconds);
    const auto step_s = seconds[seconds.size() / 2];
    fmt::print("{} {:>9.2f} {:>9.2f} {:>6.2f} {:>8.2f} {:>7.2f}   {:>3.0f} {:>3.0f} {:>3.0f}\n", name, step_s * 1e3, floor * 1e3,
               floor / step_s, work.flops, work.bytes, 100 * timings.forward_s / total, 100 * timings.backward_s / total,
               100 * timings.optimizer_s / total);
    std::fflush(stdout);
}

std::vector<std::string> parts_of(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const auto end = std::min(text.find(',', begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

[[noreturn]] void refuse(const std::string& what) {
    fmt::print(stderr, "step_floor: {}\n", what);
    std::exit(2);
}

std::int64_t number(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1) refuse("'" + text + "' is no number from 1 on");
    return value;
}

template <class Enum>
Enum named(const std::string& name) {
    const auto value = parse<Enum>(name);
    if (!value) refuse("'" + name + "' is not known");
    return *value;
}

int run(std::map<std::string, std::string> options) {
    auto store = WarmStore(WorkerDevice::open(Device::automatic, 0, number(options["--threads"])));
    const auto rates = measure_rates(store.device());
    fmt::print("{}: {:.0f} GFLOP/s fp32, {:.0f} bf16, {:.1f} GB/s, {:.2f} us per operator\n\n", store.device().machine_class(),
               rates.fp32 / 1e9, rates.bf16 / 1e9, rates.bandwidth / 1e9, rates.operator_s * 1e6);
    fmt::print("{:<9} {:<5} {:>6} {:>5} {:<5} {:>9} {:>9} {:>6} {:>8} {:>7}   per cent in\n", "shape", "mode", "layers", "batch", "",
               "ms/step", "floor ms", "part", "GFLOP", "GB");
    fmt::print("{:>75} {:>3} {:>3}\n", "fwd", "bwd", "opt");
    for (const auto& shape : parts_of(options["--shapes"])) {
        if (!configs().contains(shape)) refuse("no shape is named '" + shape + "'");
        for (const auto& mode : parts_of(options["--modes"]))
            for (const auto& layers : parts_of(options["--layers"]))
                for (const auto& batch : parts_of(options["--batch"]))
                    for (const auto& precision : parts_of(options["--precision"]))
                        measure_setting({shape, number(layers), number(batch), named<Precision>(precision), named<Mode>(mode)}, store,
                                        rates);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::map<std::string, std::string> options{{"--shapes", "gpt2,gpt2-xl,opt-1.3b"}, {"--layers", "1,2,12"}, {"--batch", "1,32"},
                                               {"--precision", "fp32,bf16"},          {"--modes", "lm"},      {"--threads", "1"}};
    for (int i = 1; i < argc; i += 2) {
        if (!options.contains(argv[i]) || i + 1 == argc) refuse(fmt::format("'{}' is no option with a value behind it", argv[i]));
        options[argv[i]] = argv[i + 1];
    }
    try {
        return run(options);
    } catch (const std::exception& error) {
        refuse(error.what());
    }
}
