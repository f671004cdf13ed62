"""Vectors for src/decode/beams.rs, from Hugging Face's own beam search.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python generate.py            # writes vectors.json beside this file

The models are the small random ones of ../models, built by the script that wrote their files. Every case has
end tokens that the search without end tokens liked, so that texts really end.
"""

import json
import random
import sys
from pathlib import Path

import torch
from transformers import GenerationConfig

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))

from architectures import all_specs  # noqa: E402
from make_models import build  # noqa: E402

MODELS = ["llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3"]
# Characters that no merge touches: each is one token, its place among the printable bytes.
PROMPTS = ["X", "QUARTZ-7", "THE 3RD OF 24 WORDS, LONGER THAN A WINDOW OF 16".replace(" ", "_")]
CASES_OF_A_PROMPT = 16
LENGTH_PENALTIES = [-1.5, -0.5, 0.0, 0.5, 1.0, 1.0, 2.0]
EARLY_STOPPING = [True, False, "never"]


def main():
    torch.set_num_threads(1)
    specs = {spec.name: spec for spec in all_specs()}
    cases = []
    for name in MODELS:
        model = build(specs[name])
        # Nothing may come from the model's own settings.
        model.config.eos_token_id = None
        model.generation_config = GenerationConfig()
        for prompt in PROMPTS:
            maker = random.Random(f"{name} {prompt}")
            for index in range(CASES_OF_A_PROMPT):
                cases.append({"model": name, "prompt": prompt} | case(model, prompt, maker, index))
    write(cases)


def case(model, prompt, maker, index):
    """One search and what it returns."""
    num_beams = 1 + index % 6
    max_new = maker.choice([1, 3, 6, 8, 12, 16])
    settings = {
        "numBeams": num_beams,
        "numReturn": maker.randint(1, num_beams),
        "lengthPenalty": maker.choice(LENGTH_PENALTIES),
        "earlyStopping": EARLY_STOPPING[index % 3] if num_beams > 1 else False,
        "minNewTokens": maker.choice([0, 0, 0, 2, 4]) if max_new > 4 else 0,
        "maxNewTokens": max_new,
        "repetitionPenalty": maker.choice([1.0, 1.0, 0.8, 1.3, 1.7]),
        "noRepeatNgram": maker.choice([0, 0, 1, 2, 3]),
    }
    ids = [ord(character) - 33 for character in prompt]
    settings["endTokens"] = end_tokens(model, ids, settings, maker)
    return {"ids": ids, "settings": settings, "returned": search(model, ids, settings)}


def end_tokens(model, ids, settings, maker):
    """None to three tokens which the search meets if nothing ends it."""
    count = maker.choice([0, 1, 1, 2, 3])
    if not count:
        return []
    free = search(model, ids, settings | {"endTokens": [], "maxNewTokens": 8, "minNewTokens": 0})
    met = sorted({token for text in free for token in text["ids"]})
    return sorted(maker.sample(met, min(count, len(met))))


def search(model, ids, settings):
    config = GenerationConfig(
        do_sample=False,
        num_beams=settings["numBeams"],
        num_return_sequences=settings["numReturn"],
        length_penalty=settings["lengthPenalty"],
        early_stopping=settings["earlyStopping"],
        min_new_tokens=settings["minNewTokens"] or None,
        max_new_tokens=settings["maxNewTokens"],
        repetition_penalty=settings["repetitionPenalty"],
        no_repeat_ngram_size=settings["noRepeatNgram"],
        eos_token_id=settings["endTokens"] or None,
        pad_token_id=0,
        return_dict_in_generate=True,
        output_scores=True,
    )
    with torch.no_grad():
        given = torch.tensor([ids])
        out = model.generate(given, attention_mask=torch.ones_like(given), generation_config=config)
    sequences = out.sequences[:, len(ids):].tolist()
    if settings["numBeams"] == 1:
        # Greedy search: there is one text, unpadded, and the library gives it no score.
        return [{"ids": sequences[0]}]
    lengths = (out.beam_indices >= 0).sum(dim=1).tolist()
    scores = out.sequences_scores.tolist()
    return [
        {"ids": sequence[:length], "normalised": score}
        for sequence, length, score in zip(sequences, lengths, scores)
    ]


def write(cases):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path = HERE / "vectors.json"
    path.write_text(f"[\n{lines}\n]\n")
    ended = sum(
        text["ids"][-1] in case["settings"]["endTokens"] for case in cases for text in case["returned"]
    )
    texts = sum(len(case["returned"]) for case in cases)
    print(f"{len(cases)} searches, {texts} texts, {ended} of them end by a token, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
