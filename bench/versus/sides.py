"""The sides of the comparison: each runs the whole grid once and says what every trial took."""
import csv
import dataclasses
import json
import os
import re
from dataclasses import dataclass

from versus import environment, machine
from versus.options import BLOCKS, DATA_FOLDERS, ROOT, SMOLLM2, Mistake

LEARNING_RATE = 5e-5
WEIGHT_DECAY = 0.01


@dataclass
class Trial:
    dataset: str
    mode: str
    layers: int
    seed: int
    seconds: float     # trainer: of its process; otherwise from the trial's begin to its end inside a warm worker
    train_s: float
    evaluate_s: float
    steps: int
    tokens: int        # fed to training steps, padding not counted
    accuracy: float    # on test rows, 0 to 1


@dataclass
class Run:
    """The whole grid, once, on one side."""
    round: int
    side: str          # trainer | resident | layersweep
    workers: int
    threads: int       # of each worker
    wall_s: float      # from the start of the program to its end
    cpu_s: float
    peak_bytes: int    # of the largest single process
    busy_before: float  # share of the cores that others used just before
    trials: list

    @property
    def label(self):
        return f"{self.side} {self.workers}x{self.threads}"

    @property
    def at_once(self):
        """Workers that can have had something to do."""
        return min(self.workers, len(self.trials))


class Bench:
    """Runs the sides in turn; every run has a fresh folder under OUT/versus-runs."""

    def __init__(self, options, python, cores):
        self.options, self.python, self.cores = options, python, cores
        self.runs = options.out / "versus-runs"
        self.checkpoint = SMOLLM2 if options.shape == "smollm2" else self.runs / "checkpoint"
        both = [(1, len(cores)), (len(cores), 1)]
        self.residents = options.residents or both[:len(cores)]  # the same on one core
        self.threads = options.threads or (len(cores) if options.shape == "gpt2-xl" else 1)

    def make_checkpoint(self):
        """Returns the model in words."""
        if self.options.shape == "smollm2":
            return "SmolLM2-135M-Instruct, 30 blocks of width 576, 4-bit weights restored to float16"
        if self.options.shape == "gpt2-xl":
            blocks = max(self.options.layers)
            script, tokenizer = ROOT / "bench/versus/make_wide_checkpoint.py", self.options.data / "tokenizers/gpt2"
            command = [script, self.checkpoint, tokenizer, blocks]
            words = f"random GPT-2 of GPT2-XL's width 1600, {blocks} of {BLOCKS['gpt2-xl']} blocks"
        else:
            command = [self.options.reference, "--make", "gpt2", *self.places()]
            words = f"random GPT-2 of width 192, {BLOCKS['small']} blocks (hf_grid.py --make gpt2)"
        machine.run_timed([self.python, *command], self.runs / "make-checkpoint", self.hugging_face_environment())
        return words

    def check_plan(self):
        """What layersweep itself refuses is a mistake in what was asked."""
        folder = self.runs / "plan"
        try:
            sweep = self.write_sweep(folder, self.options)
            machine.run_timed([self.options.layersweep, "plan", sweep], folder, layersweep_environment(self.runs))
        except machine.Failed as failed:
            raise Mistake(f"layersweep refuses the sweep: {failed}") from failed

    def warm_up(self):
        """A small trial on every side, so that nobody's first run reads its libraries from the disk."""
        o = self.options
        small = dataclasses.replace(o, datasets=o.datasets[:1], modes=o.modes[:1], layers=[min(o.layers)], seeds=o.seeds[:1],
                                    shots=1, test=16, epochs=1)
        for _ in self.sides(0, small, with_trainer=o.trainer_pairs > 0, with_pair=True):
            pass

    def round(self, number):
        o = self.options
        return self.sides(number, o, with_trainer=number <= o.trainer_pairs, with_pair=number <= o.pairs)

    def sides(self, number, options, with_trainer, with_pair):
        if with_trainer:
            yield self.hugging_face(number, options, "trainer", 1, len(self.cores))
        for workers, threads in self.residents if with_pair else []:
            yield self.hugging_face(number, options, "resident", workers, threads)
        yield self.layersweep(number, options)

    def hugging_face(self, number, options, style, workers, threads):
        folder = self.runs / f"{number}-{style}-{workers}x{threads}"
        busy = machine.busy_share(self.cores)
        command = [self.python, options.reference, *self.places(), "--style", style, "--workers", workers, "--threads", threads,
                   "--out", folder / "trainer_out", *grid_arguments(options)]
        timed = machine.run_timed(command, folder, self.hugging_face_environment())
        lines = (folder / "output.txt").read_text().splitlines()
        trials = [reference_trial(json.loads(line)) for line in lines if line.startswith("{")]
        require_all(trials, options, folder)
        return Run(number, style, workers, threads, timed.wall_s, timed.cpu_s, timed.peak_bytes, busy, trials)

    def layersweep(self, number, options):
        folder = self.runs / f"{number}-layersweep"
        sweep = self.write_sweep(folder, options)
        busy = machine.busy_share(self.cores)
        timed = machine.run_timed([options.layersweep, "run", sweep, "--results", folder / "results", "--progress", "plain"], folder,
                                  layersweep_environment(self.runs))
        trials = layersweep_trials(folder / "results")
        require_all(trials, options, folder)
        workers, threads = workers_of(folder / "output.txt")
        peak = max(int(row["peak_memory_bytes"]) for row in read_csv(folder / "results/timings.csv"))
        return Run(number, "layersweep", workers, threads, timed.wall_s, timed.cpu_s, peak, busy, trials)

    def places(self):
        return ["--data", self.options.data, "--checkpoint", self.checkpoint]

    def hugging_face_environment(self):
        return dict(os.environ, HF_HUB_OFFLINE="1", HF_HOME=str(environment.FOLDER / "hf"), PYTHONNOUSERSITE="1")

    def write_sweep(self, folder, options):
        folder.mkdir(parents=True, exist_ok=True)
        sweep = folder / "sweep.yaml"
        sweep.write_text(sweep_text(options, self.checkpoint, self.threads))
        return sweep


def layersweep_environment(runs):
    """With a cache folder that the warm-up fills: what this machine can do is measured once, as for any user's second sweep."""
    return dict(os.environ, XDG_CACHE_HOME=str(runs / "cache"))


def grid_arguments(options):
    def join(values):
        return ",".join(map(str, values))
    arguments = ["--datasets", join(options.datasets), "--modes", join(options.modes), "--layers", join(options.layers),
                 "--seeds", join(options.seeds), "--shots", options.shots, "--batch", options.batch, "--epochs", options.epochs,
                 "--test", options.test, "--lr", LEARNING_RATE, "--wd", WEIGHT_DECAY]
    return arguments + (["--bf16"] if options.precision == "bf16" else [])


def sweep_text(options, checkpoint, threads):
    folders = {name: yaml_path(options.data / DATA_FOLDERS[name]) for name in options.datasets}
    datasets = "\n".join(f"  {name}: {{ format: {name}, path: {folder} }}" for name, folder in folders.items())
    return f"""\
sweep: versus-transformers
models:
  model: {{ path: {yaml_path(checkpoint)} }}
datasets:
{datasets}
grid:
  model: [model]
  dataset: {yaml_list(options.datasets)}
  mode: {yaml_list(options.modes)}
  layers: {yaml_list(options.layers)}
  seed: {yaml_list(options.seeds)}
training:
  shots: {options.shots}
  test_rows: {options.test}
  validation_rows: {options.test}
  batch: {options.batch}
  epochs: {options.epochs}
  patience: never
  learning_rate: {LEARNING_RATE}
  weight_decay: {WEIGHT_DECAY}
  dropout: {options.dropout}
  precision: {options.precision}
resources:
  device: cpu
  threads_per_worker: {threads}
"""


def yaml_path(path):
    return json.dumps(str(path).replace("${", "$${"), ensure_ascii=False)


def yaml_list(values):
    return f"[{', '.join(map(str, values))}]"


def reference_trial(line):
    seconds = line["wall"] if "wall" in line else line["data"] + line["load"] + line["train"] + line["eval"]
    return Trial(line["dataset"], line["mode"], line["layers"], line["seed"], seconds, line["train"], line["eval"], line["steps"],
                 line["tokens"], line["test"])


def layersweep_trials(results):
    timings = {row["key"]: row for row in read_csv(results / "timings.csv")}
    return [layersweep_trial(row, timings[row["key"]]) for row in read_csv(results / "results.csv")]


def layersweep_trial(result, timing):
    return Trial(result["dataset"], result["mode"], int(result["layers"]), int(result["seed"]), float(timing["total_s"]),
                 float(timing["train_s"]), float(timing["evaluate_s"]), int(result["steps"]), int(result["train_tokens"]),
                 float(result["accuracy"]))


def workers_of(log):
    found = re.search(r"(\d+) workers? of (\d+) threads?", log.read_text(errors="replace"))
    if not found:
        raise machine.Failed(f"{log} does not say how many workers ran")
    return int(found[1]), int(found[2])


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def require_all(trials, options, folder):
    if len(trials) != options.trials:
        raise machine.Failed(f"{len(trials)} of {options.trials} trials have a result; see {folder}")
