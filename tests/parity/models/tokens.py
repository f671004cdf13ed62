"""A tokenizer small enough for a test file: GPT-2 style bytes, a few merges, and some special tokens."""

import gguf

MERGES = [
    "Ġ t", "h e", "Ġt he", "i n", "Ġ a", "o c", "e a", "oc ea", "ocea n", "Ġ ocean", "l a", "r g",
    "la rg", "Ġ larg", "Ġlarg e", "e r", "Ġ i", "Ġi s", "p a", "c i", "f i", "pa ci", "paci fi", "Ġ paci",
]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def byte_alphabet():
    """The character that stands for each byte in GPT-2 vocabularies, printable bytes first."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(rest))]


def vocabulary(size):
    """`size` tokens and their types: 256 bytes, merges, specials, and unused ones to fill up."""
    normal = byte_alphabet() + [merge.replace(" ", "") for merge in MERGES]
    unused = [f"<|unused_{i}|>" for i in range(size - len(normal) - len(SPECIALS))]
    types = (
        [gguf.TokenType.NORMAL] * len(normal)
        + [gguf.TokenType.CONTROL] * len(SPECIALS)
        + [gguf.TokenType.UNUSED] * len(unused)
    )
    return normal + SPECIALS + unused, types


def write_tokenizer(writer, size):
    """Adds the tokenizer's metadata for a vocabulary of `size`."""
    tokens, types = vocabulary(size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_unk_token_id(tokens.index("<|endoftext|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)
