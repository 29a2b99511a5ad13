#!/usr/bin/env python3
"""Makes tests/worker/model/checkpoint/fixtures: small files of torch.save, good ones and hostile ones.

Needs tools/requirements.txt. Run from anywhere:
    python tools/make_checkpoint_fixtures.py
"""
import collections
import json
import os
import pathlib
import pickle
import zipfile

import torch

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "tests/worker/model/checkpoint/fixtures"
WEIGHTS = "pytorch_model.bin"


def folder(name):
    path = FIXTURES / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def good_state():
    """Float, half, bfloat16 and double; tied tensors; a view into a larger storage; a bool buffer; a scalar; metadata as modules write it."""
    state = collections.OrderedDict()
    state["wte.weight"] = torch.arange(12, dtype=torch.float32).reshape(4, 3) / 8
    state["h.0.attn.bias"] = torch.tril(torch.ones(3, 3, dtype=torch.bool))
    state["h.0.half"] = torch.tensor([1.5, -2.0, 65504.0], dtype=torch.float16)
    state["h.0.bfloat"] = torch.tensor([1.0, -0.5], dtype=torch.bfloat16)
    state["h.0.double"] = torch.tensor([0.1], dtype=torch.float64)
    state["h.0.parameter"] = torch.nn.Parameter(torch.tensor([7.0, 8.0]))
    state["tail"] = torch.arange(10, dtype=torch.float32)[6:]
    state["scalar"] = torch.tensor(3.0)
    state["steps"] = torch.tensor([5], dtype=torch.int64)
    state["lm_head.weight"] = state["wte.weight"]
    state._metadata = collections.OrderedDict([("", {"version": 1}), ("h", {"version": 2})])
    return state


def make_good():
    torch.save(good_state(), folder("good") / WEIGHTS)


def make_sharded():
    shards = {
        "pytorch_model-00001-of-00002.bin": {"a": torch.tensor([1.0, 2.0])},
        "pytorch_model-00002-of-00002.bin": {"b": torch.tensor([3.0]), "mask": torch.ones(2, dtype=torch.bool)},
    }
    path = folder("sharded")
    for name, state in shards.items():
        torch.save(state, path / name)
    weight_map = {tensor: name for name, state in shards.items() for tensor in state}
    index = {"metadata": {"total_size": 14}, "weight_map": weight_map}
    (path / f"{WEIGHTS}.index.json").write_text(json.dumps(index, indent=2) + "\n")


class RunsCommand:
    def __reduce__(self):
        return os.system, ("touch /tmp/layersweep-was-here",)


def make_refused():
    torch.save({"a": RunsCommand()}, folder("hostile") / WEIGHTS)
    torch.save({"a": torch.device("cpu")}, folder("unknown_global") / WEIGHTS)
    torch.save({"a": torch.ones(2)}, folder("legacy") / WEIGHTS, _use_new_zipfile_serialization=False)
    torch.save({"turned": torch.arange(6.0).reshape(2, 3).t()}, folder("transposed") / WEIGHTS)
    torch.save({"a": {"nested": torch.ones(1)}}, folder("nested") / WEIGHTS)


def make_rewritten():
    """The good file with its zip container changed."""
    with zipfile.ZipFile(FIXTURES / "good" / WEIGHTS) as good:
        entries = [(name, good.read(name)) for name in good.namelist()]
    prefix = entries[0][0].split("/")[0]

    def write(name, compression=zipfile.ZIP_STORED, change=lambda name, data: data):
        with zipfile.ZipFile(folder(name) / WEIGHTS, "w", compression) as out:
            for entry, data in entries:
                changed = change(entry.removeprefix(prefix), data)
                if changed is not None:
                    out.writestr(zipfile.ZipInfo(entry), changed, compression)

    write("compressed", compression=zipfile.ZIP_DEFLATED)
    write("short_storage", change=lambda name, data: data[:-4] if name == "/data/0" else data)
    write("no_storage", change=lambda name, data: None if name == "/data/0" else data)
    write("no_pickle", change=lambda name, data: None if name == "/data.pkl" else data)
    write("big_endian", change=lambda name, data: b"big" if name == "/byteorder" else data)
    write("plain_list", change=lambda name, data: pickle.dumps([1], protocol=2) if name == "/data.pkl" else data)


def main():
    torch.manual_seed(0)
    make_good()
    make_sharded()
    make_refused()
    make_rewritten()


if __name__ == "__main__":
    main()
