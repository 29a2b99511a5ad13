"""What a comparison says: the printed text, and CSV files with one row per run and per trial."""
import csv
import dataclasses
import subprocess
from statistics import mean, median

from versus import machine
from versus.sides import LEARNING_RATE, WEIGHT_DECAY

TOO_BUSY = 0.1


def progress_line(run):
    busy = f"; others used {run.busy_before:.0%} of the cores just before" if run.busy_before > TOO_BUSY else ""
    return f"round {run.round}: {run.label:<16} {run.wall_s:8.2f} s{busy}"


def heading(options, cores, checkpoint_words, versions):
    o = options
    lists = [f"{name} {','.join(map(str, getattr(o, name)))}" for name in ("datasets", "modes", "layers", "seeds")]
    libraries = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        f"The same {count(o.trials, 'trial')} with layersweep and with Hugging Face transformers", "",
        f"commit      {commit(o.layersweep.parent)} (of the checkout that {o.layersweep.name} lies in)",
        f"machine     {machine.cpu_model()}; {count(len(cores), 'core')} used, the same for both sides; "
        f"{gigabytes(machine.memory_bytes())} GB",
        f"versions    {libraries}",
        f"model       {checkpoint_words}",
        f"grid        {'; '.join(lists)}",
        f"training    {o.shots} shots, batch {o.batch}, {count(o.epochs, 'epoch')} without early stopping, lr {LEARNING_RATE}, "
        f"weight decay {WEIGHT_DECAY}, {o.precision}, on CPUs;",
        f"            {o.test} test rows, and {o.test} validation rows after every epoch",
        f"dropout     {dropout_words(o.dropout)}",
        "labels      SIDE WORKERSxTHREADS. trainer: a process per trial with transformers.Trainer. resident: a hand-tuned loop in",
        "            processes that keep model and data. layersweep: workers and exact shortcuts as it chooses.",
    ]
    return "\n".join(lines)


def commit(folder):
    described = subprocess.run(["git", "-C", folder, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return described.stdout.strip() or "unknown"


def dropout_words(rate):
    return f"{rate} in layersweep, 0 on the Hugging Face side, which has none" if rate else "0 on both sides"


def sections(options, runs):
    resident = fastest_resident(runs)
    compared = [by_round(runs, "trainer"), by_round(runs, "resident", resident), by_round(runs, "layersweep")]
    return [wall_section(runs), cell_section(options, compared), step_section(runs), outcome_section(options, compared), load_section(runs)]


def fastest_resident(runs):
    labels = {run.label for run in runs if run.side == "resident"}
    return min(labels, key=lambda label: median(run.wall_s for run in runs if run.label == label))


def by_round(runs, side, label=None):
    return {run.round: run for run in runs if run.side == side and label in (None, run.label)}


def wall_section(runs):
    labels = list(dict.fromkeys(run.label for run in runs))
    rows, ratios = [], []
    for number in sorted({run.round for run in runs}):
        here = [run for run in runs if run.round == number]
        walls = {run.label: run.wall_s for run in here}
        ratios.append(wall_ratios(here))
        rows.append([str(number), *(fixed(walls.get(label), 2) for label in labels), *(fixed(ratio, 2) for ratio in ratios[-1])])
    medians = [middle(column) for column in zip(*ratios)]
    rows.append(["median", *(fixed(middle([run.wall_s for run in runs if run.label == label]), 2) for label in labels),
                 *(fixed(ratio, 2) for ratio in medians)])
    said = [f"    layersweep is {ratio:.2f} times as fast as {what}" for ratio, what in
            zip(medians, ["a Trainer process per trial", "the resident loop"]) if ratio]
    header = ["round", *labels, "trainer/layersweep", "resident/layersweep"]
    note = "From the start of the program to its end. The ratio takes the faster resident of the round; its median is that of the ratios."
    return section("Wall seconds of the whole grid", note, table(header, rows, 1), *said)


def wall_ratios(runs):
    """Trainer and faster resident, each against layersweep in the same round; None where a side did not run."""
    ours = next(run.wall_s for run in runs if run.side == "layersweep")
    fastest = [min((run.wall_s for run in runs if run.side == side), default=None) for side in ("trainer", "resident")]
    return [wall and wall / ours for wall in fastest]


def cell_section(options, compared):
    trainer, resident, layersweep = compared
    rows = []
    for cell in [(mode, layers) for mode in options.modes for layers in options.layers]:
        walls = [middle([trial_seconds(run, cell) for run in side.values()]) for side in compared]
        shares = [middle([machine_seconds(run, cell) for run in side.values()]) for side in (resident, layersweep)]
        ratios = [middle([machine_seconds(run, cell) / machine_seconds(layersweep[n], cell) for n, run in side.items()])
                  for side in (trainer, resident)]
        rows.append([cell[0], str(cell[1]), *(fixed(value, 3) for value in walls + shares), *(fixed(ratio, 2) for ratio in ratios)])
    names = [next(iter(side.values())).label if side else "trainer" for side in compared]
    header = ["mode", "layers", *names, "resident/at once", "layersweep/at once", "trainer ratio", "resident ratio"]
    note = ("The first three: mean seconds of one trial, from its begin to its end. Where workers train trials at once, each has fewer\n"
            "cores: so '/at once' divides by the number of workers that ran at once, which is what a trial costs the whole machine, and\n"
            "the ratios compare that with layersweep's. Start-up and idle ends are outside, except for trainer, whose every trial is a\n"
            "process. Medians over rounds.")
    return section("Seconds per trial", note, table(header, rows, 2))


def trial_seconds(run, cell):
    return mean(trial.seconds for trial in run.trials if (trial.mode, trial.layers) == cell)


def machine_seconds(run, cell):
    return trial_seconds(run, cell) / run.at_once


def step_section(runs):
    rows = []
    for label in dict.fromkeys(run.label for run in runs):
        mine = [run for run in runs if run.label == label]
        step_s = median(sum(t.train_s for t in run.trials) / sum(t.steps for t in run.trials) for run in mine)
        peak = max(run.peak_bytes for run in mine)
        rows.append([label, str(sum(t.steps for t in mine[0].trials)), f"{1000 * step_s:.1f}", f"{1000 * step_s / mine[0].at_once:.1f}",
                     gigabytes(peak)])
    header = ["side", "steps", "ms/step", "ms/step/at once", "peak GB"]
    note = ("Training seconds / training steps over the whole grid; '/at once' as above. Peak memory is of the largest single process\n"
            "(layersweep: timings.csv; the others: the kernel's account of the process and its children).")
    return section("Training steps and memory", note, table(header, rows, 1))


def outcome_section(options, compared):
    sides = [next(iter(side.values())) for side in compared if side]
    rows = []
    for mode in options.modes:
        for dataset in options.datasets:
            cells = [[t for t in run.trials if (t.mode, t.dataset) == (mode, dataset)] for run in sides]
            rows.append([mode, dataset, *(str(sum(t.tokens for t in cell)) for cell in cells),
                         *(f"{100 * mean(t.accuracy for t in cell):.2f}" for cell in cells)])
    rows.append(["all", "", *(str(sum(t.tokens for t in run.trials)) for run in sides),
                 *(f"{100 * mean(t.accuracy for t in run.trials):.2f}" for run in sides)])
    header = ["mode", "data set", *(f"{run.side} tokens" for run in sides), *(f"{run.side} %" for run in sides)]
    note = "Round 1. Accuracies and tokens differ in the rows drawn: the two sides draw their samples with different random generators."
    return section("Tokens trained, and mean test accuracy over layers and seeds", note, table(header, rows, 2))


def load_section(runs):
    busiest = max(runs, key=lambda run: run.busy_before)
    words = f"Before each run others used at most {busiest.busy_before:.0%} of the cores (half a second's look)."
    if busiest.busy_before > TOO_BUSY:
        words += f" That is much: do not trust round {busiest.round} of {busiest.label}; run again on a quiet machine."
    return "\n" + words


def section(title, note, rows, *said):
    return "\n".join(["", title, note, "", *rows, *(["", *said] if said else [])])


def table(header, rows, words):
    """Columns under their heads; the first `words` columns are words and lean left."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    return ["    " + "  ".join(cell.ljust(width) if i < words else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in [header, *rows]]


def middle(values):
    known = [value for value in values if value is not None]
    return median(known) if known else None


def fixed(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def gigabytes(size):
    return f"{size / 1e9:.2f}"


def count(n, noun):
    return f"{n} {noun}" + ("" if n == 1 else "s")


def write_csv_files(out, runs):
    """After every run, so that an interrupted comparison keeps what it has."""
    run_fields = ["round", "side", "workers", "threads", "wall_s", "cpu_s", "peak_bytes", "busy_before"]
    write_csv(out / "runs.csv", run_fields, [{name: getattr(run, name) for name in run_fields} for run in runs])
    key_fields = ["round", "side", "workers", "threads"]
    trials = [{name: getattr(run, name) for name in key_fields} | dataclasses.asdict(trial) for run in runs for trial in run.trials]
    write_csv(out / "trials.csv", list(trials[0]), trials)


def write_csv(path, fields, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
