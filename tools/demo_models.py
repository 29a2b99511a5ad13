"""The demo's two models: a vocabulary learned from the tasks' text, and a short language-model pretraining on prompts of it."""
import collections
import dataclasses
import json

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, OPTConfig, OPTForCausalLM

from demo_tasks import TASKS, example, make_row

MERGES, WIDTH, BLOCKS, HEADS, POSITIONS = 744, 64, 4, 4, 256
EXITS = (1, 2, 4)
ANSWER_WEIGHT = 8.0  # of a label word in the loss; any other token weighs 1
OPT_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
END_OF_TEXT = "<|endoftext|>"


@dataclasses.dataclass(frozen=True)
class Document:
    """A text to pretrain on; answers are the characters at which its label words begin, their space included."""
    text: str
    answers: frozenset[int]


def document(random, task, labels):
    text, answers = "", set()
    for label in labels:
        text += ("\n" if text else "") + example(task, make_row(random, task, label))
        answers.add(len(text))
        text += f" {task.words[label]}"
    return Document(text, frozenset(answers))


def few_shot(random, task):
    """The form in which the program writes prompts: one row of each class in order, then the query."""
    return document(random, task, [*range(len(task.values)), random.randrange(len(task.values))])


def any_order(random, task, count):
    return document(random, task, random.choices(range(len(task.values)), k=count))


def one_class(random, task, count):
    """Texts alone, all of one class, so that the end of a text has to know what the text was about."""
    label = random.randrange(len(task.values))
    return Document("\n".join(make_row(random, task, label).text for _ in range(count)), frozenset())


def random_documents(random, count):
    """Of all tasks, but of one form, so that there is little to pad."""
    form = random.choice(FORMS)
    arguments = [] if form is few_shot else [random.randint(1, 3) + (form is one_class)]
    return [form(random, random.choice(TASKS), *arguments) for _ in range(count)]


FORMS = [few_shot, any_order, any_order, one_class]


def learn_bpe(texts):
    """(tokens, merges) of a byte-level BPE with GPT-2's splitting pattern; the 256 bytes come first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + MERGES, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in learned["merges"]]
    return sorted(learned["vocab"], key=learned["vocab"].get), merges


class Vocabulary:
    """The token ids of one family, and its encoder."""

    def __init__(self, family, tokens, merges):
        tokens = OPT_SPECIAL + tokens if family == "opt" else tokens + [END_OF_TEXT]
        self.ids = {token: number for number, token in enumerate(tokens)}
        self.merges = merges
        self.prefix = [self.ids["</s>"]] if family == "opt" else []
        self.end = self.ids["</s>" if family == "opt" else END_OF_TEXT]
        self.tokenizer = Tokenizer(models.BPE(vocab=self.ids, merges=[tuple(merge.split(" ")) for merge in merges]))
        self.tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False)

    def encode(self, document):
        """Token ids, and what predicting each of them weighs."""
        encoding = self.tokenizer.encode(document.text, add_special_tokens=False)
        weights = [ANSWER_WEIGHT if begin in document.answers else 1.0 for begin, _ in encoding.offsets]
        return self.prefix + encoding.ids, [0.0] * len(self.prefix) + weights

    def check_label_words(self):
        for task in TASKS:
            firsts = [self.tokenizer.encode(" " + word).ids[0] for word in task.words]
            if len(set(firsts)) != len(firsts):
                raise SystemExit(f"{task.name}: two label words begin with the same token; learn more merges")

    def write(self, folder):
        (folder / "vocab.json").write_text(json.dumps(self.ids, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(self.merges) + "\n", encoding="utf-8")


def new_model(family, vocabulary):
    if family == "gpt2":
        return GPT2LMHeadModel(GPT2Config(
            vocab_size=len(vocabulary.ids), n_positions=POSITIONS, n_embd=WIDTH, n_layer=BLOCKS, n_head=HEADS,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=vocabulary.end, eos_token_id=vocabulary.end))
    rows = (len(vocabulary.ids) + 7) // 8 * 8  # more rows than tokens, as in OPT's published folders
    return OPTForCausalLM(OPTConfig(
        vocab_size=rows, max_position_embeddings=POSITIONS, hidden_size=WIDTH, word_embed_proj_dim=WIDTH, num_hidden_layers=BLOCKS,
        num_attention_heads=HEADS, ffn_dim=4 * WIDTH, dropout=0.0, attention_dropout=0.0, layerdrop=0.0))


def exit_loss(model, rows):
    """Next-token loss, read behind the blocks of EXITS, so that what is left after a cut has learned something already."""
    length = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in rows])
    weights = torch.tensor([weights[1:] + [0.0] * (length - len(weights) + 1) for _, weights in rows])
    wanted = ids.roll(-1, dims=1)
    states = []
    decoder = model.transformer if hasattr(model, "transformer") else model.model.decoder
    blocks, norm = (decoder.h, decoder.ln_f) if hasattr(decoder, "h") else (decoder.layers, decoder.final_layer_norm)
    hooks = [blocks[number - 1].register_forward_hook(
        lambda module, inputs, output: states.append(output[0] if isinstance(output, tuple) else output)) for number in EXITS]
    decoder(input_ids=ids, use_cache=False)
    for hook in hooks:
        hook.remove()
    real = weights > 0
    embeddings = model.get_input_embeddings().weight
    losses = sum(F.cross_entropy(norm(state[real]) @ embeddings.T, wanted[real], reduction="none") for state in states) / len(states)
    return (losses * weights[real]).sum() / weights.sum()


def pretrain(family, vocabulary, random, steps, batch, peak_rate):
    torch.manual_seed(1)
    model = new_model(family, vocabulary).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak_rate, betas=(0.9, 0.98), weight_decay=0.01)
    warm = steps // 20
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / warm, 1.02 - step / steps))
    for step in range(steps):
        loss = exit_loss(model, [vocabulary.encode(one) for one in random_documents(random, batch)])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            print(f"{family}: step {step + 1} of {steps}, loss {loss.item():.3f}", flush=True)
    return model


def write_model(family, model, folder):
    """float16, and each family in the form its publisher chose: safetensors for GPT-2, pytorch_model.bin for OPT."""
    model.config.dtype = "float16"
    model.config.architectures = [type(model).__name__]
    config = {key: value for key, value in model.config.to_diff_dict().items() if key != "transformers_version"}
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    tensors = {name: value.detach().half().contiguous() for name, value in model.named_parameters()}
    if family == "gpt2":
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        tensors["lm_head.weight"] = tensors["model.decoder.embed_tokens.weight"]
        torch.save(collections.OrderedDict(tensors), folder / "pytorch_model.bin")
