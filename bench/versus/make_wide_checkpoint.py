"""Writes a random GPT-2 of GPT2-XL's width with few blocks, as a Hugging Face folder. Runs in the environment with transformers."""
import shutil
import sys
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def main():
    folder, tokenizer, blocks = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=50257, n_positions=1024, n_embd=1600, n_head=25, n_layer=blocks)
    GPT2LMHeadModel(config).save_pretrained(folder)
    for name in ("vocab.json", "merges.txt", "tokenizer.json"):
        shutil.copy(tokenizer / name, folder)


if __name__ == "__main__":
    main()
