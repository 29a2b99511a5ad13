#include "orchestrator/config/configuration_reference.hpp"

#include <map>

#include <fmt/format.h>

#include "orchestrator/config/setting_table.hpp"

namespace layersweep {
namespace {

constexpr const char* introduction = R"(# Configuration reference

Generated from the table of settings in `orchestrator/config/setting_table.cpp`; do not edit it by hand. The test `config_tests` compares
the two, and `LAYERSWEEP_UPDATE_DOCS=1 build/release/tests/config_tests` writes this file anew.

A sweep is one YAML file (UTF-8, spaces, one document). Unknown or duplicate keys, wrong types and values that make no sense are refused
with file, line and column before anything starts.

| key | meaning |
| --- | --- |
| `sweep` | The sweep's name; results go to `results/<name>` unless `--results` says otherwise. |
| `models` | Short name → `{ path: FOLDER }` (a Hugging Face folder) or `{ hub: organisation/name }` (found in the local hub cache: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else `~/.cache/huggingface/hub`; never downloaded). |
| `datasets` | Short name → a data set; below. |
| `grid` | The axes; trials are their product, the first axis slowest. |
| `exclude` | A list of `{ axis: value or list, … }`; a trial that matches all keys of one entry is left out. |
| `override` | A list of `{ match: { axis: value or list, … }, set: { setting: value, … } }`; later entries win. It may not set an axis. |
| `training`, `shortcuts`, `resources`, `faults` | Settings; below. |

**Variables.** `${NAME}` stands for the environment's value, and an unset one is an error; `${NAME:-default}` gives a default where it is
unset or empty; `$${` is a plain `${`. They work in every value except `text`, `label`, `classes` and `template`, which are taken as they
are. **Paths** are relative to the sweep file; symbolic links are followed; `~` is not known.

## Data sets

| `format` | reads | other keys |
| --- | --- | --- |
| `sst2`, `emoc`, `trec`, `agnews` | the published files in a folder | `path`: the folder. Columns, classes and template are known. |
| `csv`, `tsv` | files of your own | `train`, `test`, optional `validation`: a file or a list of files. `header: false` names the columns `column_1`, `column_2`, … `text`: column names in braces, what `cls` reads. `label`: the column with the label. `classes`: value in the file → label word, in class-id order. `template`: the prompt of one example with one `{text}`, without its label word and without white space at its end. |
| `jsonl`, `parquet` | refused: not in this version | |

## Grid

`model`, `dataset`, `mode` (`lm`, `p-cls`, `cls`), `layers` (blocks kept; 0 and `all` are allowed) and `seed` have to be there. Every
setting below whose last column says *yes* can be an axis too. A single value stands for a list of one. Axes that move together are one
`zip` axis: `zip: [{ model: a, learning_rate: 1e-5 }, { model: b, learning_rate: 3e-5 }]`. An axis wins over `training` and `resources`.

Trials whose settings are equal where they apply are merged, and `plan` says so. A trial's key is made of the fingerprints of model and
data set, mode, layers, seed and the training settings that apply: `loss` only in `lm`; with `epochs: 0` none of `batch`, `patience`,
`learning_rate`, `betas`, `epsilon`, `weight_decay`, `dropout`, `loss`; `prune` only where some but not all blocks stay. Row counts enter
as they come out after looking at the data set's size. Paths and everything under `shortcuts`, `resources` and `faults` stay out.
)";

const std::map<std::string, std::string> section_notes{
    {"training", "What defines the experiment."},
    {"shortcuts", "Exact ways to compute the same faster; `auto`: wherever they are valid, `on`: refuse a trial for which one is not."},
    {"resources", "Where and how wide; never part of a trial's key."},
    {"faults", "What happens when something breaks."},
};

}  // namespace

std::string configuration_reference() {
    std::string out = introduction;
    for (const auto& section : setting_sections()) {
        out += fmt::format("\n## {}\n\n{}\n\n", section, section_notes.at(section));
        out += "| setting | default | accepts | meaning | axis, override |\n| --- | --- | --- | --- | --- |\n";
        for (const auto& setting : setting_table()) {
            if (setting.section != section) continue;
            const char* axis = setting.scope == SettingScope::trial ? "yes" : "no";
            out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", setting.name, setting.print({}), setting.accepts, setting.meaning, axis);
        }
    }
    return out;
}

}  // namespace layersweep
