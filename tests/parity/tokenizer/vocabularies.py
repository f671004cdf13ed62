"""Small vocabularies, trained here, and the references that encode with them."""

import io
import json
import re

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from corpus import PLAIN, TRAINING

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
MODERN = (
    CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = ["<tool_call>", "</tool_call>"]
# Kinds of tokens, as GGUF numbers them.
NORMAL, UNKNOWN, CONTROL_KIND, USER_KIND, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def split_then_bytes(pattern):
    """A published pattern, then bytes, as in the tokenizer.json of Qwen 2 and Llama 3."""
    split = pre_tokenizers.Split(Regex(pattern), "isolated", invert=False)
    return pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)]
    )


def pre_tokenizer(pre):
    """What the published tokenizer.json of each family says."""
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    return {
        "gpt-2": lambda: gpt2,
        "smollm": lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2]),
        "qwen2": lambda: split_then_bytes(MODERN % ""),
        "llama-bpe": lambda: split_then_bytes(MODERN % "{1,3}"),
    }[pre]()


def byte_level(pre, tokens, merges, types):
    """The reference for a byte-level vocabulary."""
    vocab = {token: id for id, token in enumerate(tokens)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tokenizer = Tokenizer(models.BPE(vocab, pairs, ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizer(pre)
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    for token, kind in zip(tokens, types):
        if kind in (CONTROL_KIND, USER_KIND):
            special = kind == CONTROL_KIND
            added = AddedToken(token, special=special, normalized=False)
            (tokenizer.add_special_tokens if special else tokenizer.add_tokens)([added])
    return tokenizer


def train_byte_level(pre, size):
    """A vocabulary with all bytes, some merges and some tokens of its own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(pre)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=CONTROL,
        show_progress=False,
    )
    tokenizer.train_from_iterator([TRAINING, *PLAIN], trainer)
    state = json.loads(tokenizer.to_str())["model"]
    tokens = [t for t, _ in sorted(state["vocab"].items(), key=lambda item: item[1])]
    merges = [" ".join(pair) for pair in state["merges"]]
    if pre == "llama-bpe":
        # A word that no merge leads to: only taken whole. "zebra" as in the text " zebra".
        tokens.append("Ġzebra")
    tokens += USER_DEFINED
    kinds = {**dict.fromkeys(CONTROL, CONTROL_KIND), **dict.fromkeys(USER_DEFINED, USER_KIND)}
    return {
        "model": "gpt2",
        "pre": pre,
        "tokens": tokens,
        "token_types": [kinds.get(t, NORMAL) for t in tokens],
        "merges": merges,
        "bos": 0,
        "eos": 2,
        "add_bos": pre == "llama-bpe",
    }


def train_sentencepiece(name, size, **options):
    """A model of sentencepiece itself, and the entries that a GGUF file has for it."""
    model = io.BytesIO()
    lines = [line for line in TRAINING.splitlines() if line.strip()]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 3),
        model_writer=model,
        model_type="bpe",
        vocab_size=size,
        normalization_rule_name="identity",
        character_coverage=0.98,
        num_threads=1,
        minloglevel=2,
        **options,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    users = options.get("user_defined_symbols", [])
    ids = range(processor.vocab_size())
    spec = {
        "model": "llama",
        "pre": name,
        "tokens": [processor.id_to_piece(id) for id in ids],
        "token_types": [kind(processor, id, users) for id in ids],
        "scores": [processor.get_score(id) for id in ids],
        "bos": processor.bos_id(),
        "eos": processor.eos_id(),
        "unk": processor.unk_id(),
        "add_space_prefix": options["add_dummy_prefix"],
        "remove_extra_whitespaces": options["remove_extra_whitespaces"],
    }
    return spec, processor


def kind(processor, id, users):
    """The kind of a token, as GGUF numbers it."""
    found = [
        (processor.is_unknown(id), UNKNOWN),
        (processor.is_control(id), CONTROL_KIND),
        (processor.is_unused(id), UNUSED),
        (processor.is_byte(id), BYTE),
        (processor.id_to_piece(id) in users, USER_KIND),
    ]
    return next((number for is_so, number in found if is_so), NORMAL)


class SentencePieceReference:
    """sentencepiece for text, and control tokens found first where they are to be parsed."""

    def __init__(self, spec, processor):
        self.processor = processor
        kinds = zip(spec["tokens"], spec["token_types"])
        control = [t for t, kind in kinds if kind in (CONTROL_KIND, UNKNOWN)]
        self.pattern = re.compile("(" + "|".join(map(re.escape, sorted(control, key=len, reverse=True))) + ")")
        self.ids = {t: spec["tokens"].index(t) for t in control}

    def encode(self, text, parse):
        if not parse:
            return self.processor.encode(text)
        ids = []
        for part in self.pattern.split(text):
            if part in self.ids:
                ids.append(self.ids[part])
            elif part:
                ids += self.processor.encode(part)
        return ids

    def decode(self, ids):
        """None where text is lost: a mark instead of it is sentencepiece's own way."""
        return None if self.processor.unk_id() in ids else self.processor.decode(ids)


class ByteLevelReference:
    """Hugging Face tokenizers."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def encode(self, text, parse):
        self.tokenizer.encode_special_tokens = not parse
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=True)
