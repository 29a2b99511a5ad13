"""What was asked, checked before anything starts."""
import argparse
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA_FOLDERS = {"sst2": "sst2", "trec": "trec", "emoc": "emocontext", "agnews": "agnews"}
MODES = ["lm", "p-cls", "cls"]
BLOCKS = {"small": 12, "gpt2-xl": 48, "smollm2": 30}
SMOLLM2 = ROOT / "models/smollm2-135m"
DEFAULTS = {
    "small": dict(datasets=["sst2", "trec"], modes=MODES, layers=[1, 2, 4, 12], shots=16, epochs=3),
    "gpt2-xl": dict(datasets=["trec"], modes=["lm"], layers=[1], shots=8, epochs=1),
    "smollm2": dict(datasets=["trec"], modes=MODES, layers=[1, 2, 4, 8, 15, 30], shots=16, epochs=1),
}


class Mistake(Exception):
    """What the user gave cannot be run; the text says what to do."""


@dataclass
class Options:
    """Everything asked for; `datasets` to `precision` are what both sides compute."""
    datasets: list
    modes: list
    layers: list
    seeds: list
    shots: int
    batch: int
    epochs: int
    test: int
    precision: str
    dropout: float
    shape: str
    pairs: int
    trainer_pairs: int
    residents: list  # of (workers, threads); empty: one process with all cores, and one process per core
    threads: int     # per worker of layersweep; 0: 1, or all cores for a wide model
    reference: Path
    data: Path
    layersweep: Path
    out: Path

    @property
    def trials(self):
        return len(self.datasets) * len(self.modes) * len(self.layers) * len(self.seeds)


def parse_options(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_grid_options(parser)
    add_run_options(parser)
    given = vars(parser.parse_args())
    for name, default in DEFAULTS[given["shape"]].items():
        if given[name] is None:
            given[name] = default
    if given.pop("no_trainer"):
        given["trainer_pairs"] = 0
    for name in ("reference", "data", "layersweep", "out"):  # what is started runs in folders of its own
        given[name] = given[name].resolve()
    options = Options(**given)
    check(options)
    return options


def add_grid_options(parser):
    grid = parser.add_argument_group("what both sides compute")
    grid.add_argument("--datasets", type=one_of(DATA_FOLDERS), help="default sst2,trec; others: trec")
    grid.add_argument("--modes", type=one_of(MODES), help="default lm,p-cls,cls; gpt2-xl: lm")
    grid.add_argument("--layers", type=numbers(1), help="default 1,2,4,12; gpt2-xl: 1; smollm2: 1,2,4,8,15,30")
    grid.add_argument("--seeds", type=numbers(0), default=[42], help="default 42")
    grid.add_argument("--shots", type=number(1), help="training rows per class; default 16; gpt2-xl: 8")
    grid.add_argument("--batch", type=number(1), default=16, help="default 16")
    grid.add_argument("--epochs", type=number(1), help="default 3; others: 1")
    grid.add_argument("--test", type=number(1), default=200, help="test rows, and as many validation rows; default 200")
    grid.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    grid.add_argument("--dropout", type=rate, default=0.0, metavar="P", help="of layersweep only: hf_grid.py knows none; default 0")
    grid.add_argument("--shape", choices=list(DEFAULTS), default="small",
                      help="the model. A random GPT-2: small has 12 blocks of width 192; gpt2-xl has that model's width and as many "
                           "blocks as --layers asks for. smollm2: the pretrained one that ./dev model smollm2 makes")


def add_run_options(parser):
    how = parser.add_argument_group("how it is run")
    how.add_argument("--pairs", type=number(1), default=3, metavar="N", help="rounds of [resident, layersweep]; default 3")
    how.add_argument("--trainer-pairs", type=number(0), default=1, metavar="N", help="rounds in which Trainer runs too; default 1")
    how.add_argument("--no-trainer", action="store_true", help="the same as --trainer-pairs 0")
    how.add_argument("--residents", type=residents, default=[], metavar="WxT,...",
                     help="resident processes x threads to try; default: one process with all cores, and one process per core")
    how.add_argument("--threads", type=number(1), default=0, metavar="T",
                     help="threads per worker of layersweep; default 1, as its own; gpt2-xl: all cores, since a trial may be the only one")
    how.add_argument("--reference", type=Path, default=ROOT / "../shared/reference/hf_grid.py", metavar="FILE")
    how.add_argument("--data", type=Path, default=ROOT / "../shared/data", metavar="DIR")
    how.add_argument("--layersweep", type=Path, default=ROOT / "build/release/layersweep", metavar="FILE")
    how.add_argument("--out", type=Path, default=ROOT / "build/versus_transformers", metavar="DIR")


def number(least):
    def parse(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return value
    parse.__name__ = "whole number"
    return parse


def numbers(least):
    def parse(text):
        return distinct([number(least)(part) for part in text.split(",")])
    parse.__name__ = "list of whole numbers"
    return parse


def one_of(known):
    def parse(text):
        for part in text.split(","):
            if part not in known:
                raise argparse.ArgumentTypeError(f"there is no '{part}'; known: {', '.join(known)}")
        return distinct(text.split(","))
    return parse


def distinct(values):
    if len(set(values)) != len(values):
        raise argparse.ArgumentTypeError("a value is there twice")
    return values


def residents(text):
    return distinct([tuple(number(1)(part) for part in pair.split("x", 1)) for pair in text.split(",") if check_pair(pair)])


def check_pair(pair):
    if pair.count("x") != 1:
        raise argparse.ArgumentTypeError(f"'{pair}' is not WORKERSxTHREADS, such as 1x2")
    return True


def rate(text):
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 0 and below 1")
    return value


def check(options):
    require_file(options.reference, "the reference program", "--reference FILE")
    require_folder(options.data, "the data", "--data DIR")
    for dataset in options.datasets:
        require_folder(options.data / DATA_FOLDERS[dataset], f"data set {dataset}", "--data DIR, or leave it out of --datasets")
    if options.shape == "smollm2":
        require_folder(SMOLLM2, "the model", "make it first: ./dev model smollm2")
    else:
        require_file(options.data / "tokenizers/gpt2/tokenizer.json", "GPT-2's tokenizer", "--data DIR")
    require_file(options.layersweep, "layersweep", "--layersweep FILE, or build it first: ./dev build")
    blocks = BLOCKS[options.shape]
    if max(options.layers) > blocks:
        raise Mistake(f"--layers {max(options.layers)}: a {options.shape} model has {blocks} blocks; give fewer")


def require_file(path, what, remedy):
    if not path.is_file():
        raise Mistake(f"{what} is not at {path}; give {remedy}")


def require_folder(path, what, remedy):
    if not path.is_dir():
        raise Mistake(f"{what} is not in {path}; give {remedy}")
