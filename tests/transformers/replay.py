#!/usr/bin/env python3
"""Replays what `layersweep trace` wrote in transformers, in double precision, and compares the loss of every step.

replay.py FOLDER    FOLDER/checkpoint is a Hugging Face folder (head.safetensors besides, for a linear head), FOLDER/trace.jsonl has one
object per optimizer step. Prints one line with the largest relative difference; exit status 1 where it is above the tolerance.
"""
import argparse
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout", "attention_dropout", "layerdrop")


class Replay:
    """The model of a trace, with its head and its optimizer."""

    def __init__(self, checkpoint, has_head, options):
        config = AutoConfig.from_pretrained(checkpoint)
        for name in DROPOUTS:
            if hasattr(config, name):
                setattr(config, name, 0.0)
        self.whole = AutoModelForCausalLM.from_pretrained(checkpoint, config=config, dtype=torch.float64, attn_implementation="sdpa").train()
        self.decoder = self.whole.base_model
        parameters, self.head = list((self.decoder if has_head else self.whole).parameters()), None
        if has_head:
            self.head = torch.nn.Parameter(load_file(checkpoint / "head.safetensors")["weight"].double())
            parameters.append(self.head)
        self.optimizer = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=options.weight_decay, foreach=False)

    def step(self, batch):
        """The loss before the step."""
        ids, lengths, labels = (torch.tensor(batch[key]) for key in ("input_ids", "lengths", "labels"))
        is_token = torch.arange(ids.shape[1])[None, :] < lengths[:, None]
        states = self.decoder(input_ids=ids.masked_fill(~is_token, 0), attention_mask=is_token.long(), use_cache=False).last_hidden_state
        states = states[torch.arange(len(lengths)), lengths - 1]
        rows = self.whole.get_output_embeddings().weight[batch["label_token_ids"]] if self.head is None else self.head
        loss = torch.nn.functional.cross_entropy(states @ rows.T, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--tolerance", type=float, default=1e-8)
    options = parser.parse_args()
    steps = [json.loads(line) for line in (options.folder / "trace.jsonl").open()]
    replay = Replay(options.folder / "checkpoint", steps[0]["mode"] != "lm", options)
    differences = []
    for batch in steps:
        expected = replay.step(batch)
        differences.append(abs(batch["loss"] - expected) / abs(expected))
    print(f"{len(steps)} steps, loss {steps[0]['loss']:.6f} to {steps[-1]['loss']:.6f}, largest relative difference {max(differences):.1e}")
    return 0 if all(difference <= options.tolerance for difference in differences) else 1


if __name__ == "__main__":
    sys.exit(main())
