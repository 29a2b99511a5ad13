#!/usr/bin/env python3
"""Makes configs/demo: four small data sets of generated text in the published formats, and a tiny GPT-2 and OPT pretrained on more of it.

Deterministic on one machine: fixed seeds, one thread. Needs tools/requirements.txt and some minutes. Run from anywhere:
    python tools/make_demo.py              # all
    python tools/make_demo.py --only data  # a part: data, gpt2 or opt
"""
import os

os.environ["RAYON_NUM_THREADS"] = "1"

import argparse
import collections
import csv
import math
import pathlib
from random import Random

from demo_tasks import TASKS, make_rows

DEMO = pathlib.Path(__file__).resolve().parent.parent / "configs/demo"
TRAIN_ROWS, TEST_ROWS = 600, 300
PRETRAINING = {"steps": 2000, "batch": 16, "peak_rate": 3e-3}


def write_sst2(path, task, rows):
    lines = [f"{row.text} \t{task.values[row.label]}\n" for row in rows]
    path.write_text("sentence\tlabel\n" + "".join(lines), encoding="utf-8", newline="\n")


def write_emoc(path, task, rows):
    lines = ["\t".join([str(number), *row.columns, task.values[row.label]]) for number, row in enumerate(rows)]
    path.write_text("".join(line + "\r\n" for line in ["id\tturn1\tturn2\tturn3\tlabel", *lines]), encoding="utf-8", newline="")


def write_trec(path, task, rows):
    path.write_text("".join(f"{task.values[row.label]} {row.text}\n" for row in rows), encoding="iso-8859-1", newline="\n")


def write_agnews(path, task, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([task.values[row.label], *row.columns] for row in rows)


FORMATS = {
    "sst2": (write_sst2, "train.tsv", "dev.tsv"),
    "emoc": (write_emoc, "train.txt", "test.txt"),
    "trec": (write_trec, "train_5500.label", "TREC_10.label"),
    "agnews": (write_agnews, "train.csv", "test.csv"),
}


def accuracy(guess, rows):
    return sum(guess(set(row.text.split())) == row.label for row in rows) / len(rows)


def best_single_word(train, test):
    """(word, accuracy in test) of the word whose presence and absence say most about train's labels."""
    def rule(word):
        held = [collections.Counter(row.label for row in train if (word in row.text.split()) == there) for there in (False, True)]
        votes = [votes.most_common(1)[0][0] if votes else 0 for votes in held]
        return lambda words: votes[word in words]

    word = max(sorted({word for row in train for word in row.text.split()}), key=lambda word: accuracy(rule(word), train))
    return word, accuracy(rule(word), test)


def all_words(task, train, test):
    """Accuracy in test of naive Bayes over all words: what counting reaches."""
    counts = [collections.Counter() for _ in task.values]
    for row in train:
        counts[row.label].update(set(row.text.split()))
    sizes = collections.Counter(row.label for row in train)
    return accuracy(lambda words: max(range(len(counts)), key=lambda label: sum(
        math.log((counts[label][word] + 0.5) / (sizes[label] + 1)) for word in sorted(words))), test)


def check_difficulty(task, train, test):
    word, single = best_single_word(train, test)
    counted, chance = all_words(task, train, test), 1 / len(task.values)
    print(f"{task.name}: chance {chance:.1%}, best single word ({word}) {single:.1%}, all words {counted:.1%}")
    if single > chance + 0.12 or counted < chance + 0.4:
        raise SystemExit(f"{task.name}: one word says too much, or all of them too little")


def make_data():
    for number, task in enumerate(TASKS):
        train, test = make_rows(Random(10 + number), task, TRAIN_ROWS), make_rows(Random(20 + number), task, TEST_ROWS)
        check_difficulty(task, train, test)
        write, train_file, test_file = FORMATS[task.name]
        folder = DEMO / "data" / task.folder
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / train_file, task, train)
        write(folder / test_file, task, test)


def make_model(family):
    import torch

    from demo_models import Vocabulary, few_shot, learn_bpe, pretrain, write_model
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    random = Random(30)
    vocabulary = Vocabulary(family, *learn_bpe([few_shot(random, task).text for _ in range(800) for task in TASKS]))
    vocabulary.check_label_words()
    folder = DEMO / "models" / f"tiny-{family}"
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.write(folder)
    write_model(family, pretrain(family, vocabulary, Random(31), **PRETRAINING), folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["data", "gpt2", "opt"])
    only = parser.parse_args().only
    if only in (None, "data"):
        make_data()
    for family in ("gpt2", "opt"):
        if only in (None, family):
            make_model(family)


if __name__ == "__main__":
    main()
