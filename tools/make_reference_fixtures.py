#!/usr/bin/env python3
"""Makes tests/worker/training/fixtures: tiny models and what Hugging Face transformers and torch.optim.AdamW compute with them in float64.

Needs torch, transformers and safetensors; the tests read the files and need none of them. Run from anywhere:
    python tools/make_reference_fixtures.py
"""
import json
import pathlib
import string

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM)

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "tests/worker/training/fixtures"
WIDTH, HEADS, INNER, BLOCKS, KEPT, POSITIONS, VOCABULARY = 16, 2, 40, 3, 2, 32, 64
STEPS, BATCHES, ROWS = 20, 4, 5
LABEL_TOKENS = [10, 33, 5, 60]
OPTIMIZER = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-8, "weight_decay": 0.1}


def tiny_model(family):
    """A model in which every number matters: biases and norms are random too."""
    if family == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(
            vocab_size=VOCABULARY, n_positions=POSITIONS, n_embd=WIDTH, n_layer=BLOCKS, n_head=HEADS, n_inner=INNER,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0))
    elif family.startswith("llama"):
        model = LlamaForCausalLM(LlamaConfig(
            vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, hidden_size=WIDTH, num_hidden_layers=BLOCKS,
            num_attention_heads=2 * HEADS, num_key_value_heads=HEADS, head_dim=6, intermediate_size=INNER, rms_norm_eps=1e-5,
            rope_parameters={"rope_type": "default", "rope_theta": 500.0}, tie_word_embeddings=family == "llama",
            bos_token_id=0, eos_token_id=2, pad_token_id=1))
    else:
        model = OPTForCausalLM(OPTConfig(
            vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, hidden_size=WIDTH, word_embed_proj_dim=WIDTH,
            num_hidden_layers=BLOCKS, num_attention_heads=HEADS, ffn_dim=INNER, dropout=0.0, attention_dropout=0.0, layerdrop=0.0))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape)
            is_norm = ("ln_" in name or "norm" in name) and name.endswith("weight")
            parameter.copy_(1 + 0.2 * noise if is_norm else (0.1 if name.endswith("bias") else 0.25) * noise)
    return model


def write_tokenizer(folder):
    """64 tokens: four special ones, single bytes, and a space with each of the first letters."""
    singles = list(string.ascii_lowercase) + ["\u0120", "\u010a", ":", "."] + list(string.digits)
    tokens = ["<s>", "<pad>", "</s>", "<unk>"] + singles
    firsts = list(string.ascii_lowercase)[: VOCABULARY - len(tokens)]
    tokens += ["\u0120" + letter for letter in firsts]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"\u0120 {letter}\n" for letter in firsts))


def cut_model(folder, family):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa").train()
    decoder = decoder_of(model)
    if family == "gpt2":
        decoder.h = decoder.h[:KEPT]
    else:
        decoder.layers = decoder.layers[:KEPT]
    return model


def decoder_of(model):
    return model.transformer if hasattr(model, "transformer") else getattr(model.model, "decoder", model.model)


def make_batches(family, generator):
    """Ragged rows; the labels take turns, so that every class occurs."""
    batches = []
    for number in range(BATCHES):
        rows = []
        for row in range(ROWS):
            length = int(torch.randint(3, 13, (1,), generator=generator))
            ids = torch.randint(3, VOCABULARY, (length,), generator=generator).tolist()
            if family == "opt":
                ids[0] = 2
            if family != "gpt2" and row == 0:
                ids[1] = 1  # the padding token: as an input it is read and not trained
            rows.append(ids)
        batches.append({"ids": rows, "labels": [(number + row) % len(LABEL_TOKENS) for row in range(ROWS)]})
    return batches


def final_states(model, ids):
    """Every row is computed alone, without padding: [length, width]."""
    return decoder_of(model)(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0]


def row_loss(model, head, loss, ids, label):
    table = model.get_output_embeddings().weight
    if loss == "prompt":
        answered = ids + [LABEL_TOKENS[label]]
        return F.cross_entropy(final_states(model, answered)[:-1] @ table.T, torch.tensor(answered[1:])), None
    state = final_states(model, ids)[-1]
    if loss == "vocabulary":
        return F.cross_entropy(state @ table.T, torch.tensor(LABEL_TOKENS[label])), None
    scores = state @ (table[LABEL_TOKENS] if head is None else head).T
    return F.cross_entropy(scores, torch.tensor(label)), scores


def train(folder, family, batches, head_values, loss):
    model = cut_model(folder, family)
    named = dict(model.named_parameters())
    head = None
    if head_values is not None:
        named.pop("lm_head.weight", None)
        head = named["head.weight"] = torch.nn.Parameter(torch.tensor(head_values, dtype=torch.float64))
    optimizer = torch.optim.AdamW(
        named.values(), lr=OPTIMIZER["learning_rate"], betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]), eps=OPTIMIZER["epsilon"],
        weight_decay=OPTIMIZER["weight_decay"], foreach=False, fused=False)
    losses, scores, gradients = [], [], {}
    for step in range(STEPS):
        batch = batches[step % BATCHES]
        rows = [row_loss(model, head, loss, ids, label) for ids, label in zip(batch["ids"], batch["labels"])]
        mean = torch.stack([one for one, _ in rows]).mean()
        optimizer.zero_grad(set_to_none=False)
        mean.backward()
        if step == 0:
            scores = [one.tolist() for _, one in rows if one is not None]
            gradients = {name: value.grad.clone() for name, value in named.items()}
        optimizer.step()
        losses.append(mean.item())
    return losses, scores, gradients, {name: value.detach() for name, value in named.items()}


def save(folder, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})


def make_mode(folder, family, mode, seed):
    generator = torch.Generator().manual_seed(seed)
    batches = make_batches(family, generator)
    head = None if mode == "lm" else (0.3 * torch.randn(len(LABEL_TOKENS), WIDTH, generator=generator)).tolist()
    losses, scores, gradients, weights = train(folder, family, batches, head, "label-words")
    reference = {"optimizer": OPTIMIZER, "kept_blocks": KEPT, "steps": STEPS, "label_token_ids": LABEL_TOKENS, "batches": batches,
                 "head": head, "scores": scores, "losses": {"label-words": losses}}
    if mode == "lm":
        for loss in ("vocabulary", "prompt"):
            reference["losses"][loss] = train(folder, family, batches, None, loss)[0]
    out = folder / "reference" / mode
    save(out / "gradients", gradients)
    save(out / "weights", weights)
    (out / "steps.json").write_text(json.dumps(reference) + "\n")


def main():
    torch.manual_seed(20240601)
    torch.set_num_threads(1)
    for family_number, family in enumerate(("gpt2", "opt", "llama", "llama-untied")):
        folder = FIXTURES / family
        folder.mkdir(parents=True, exist_ok=True)
        tiny_model(family).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        write_tokenizer(folder)
        for mode_number, mode in enumerate(("lm", "p-cls", "cls")):
            make_mode(folder, family, mode, 100 * family_number + mode_number)


if __name__ == "__main__":
    main()
