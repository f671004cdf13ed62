"""Golden vectors for src/sampling, from Hugging Face's own logits processors.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python generate.py            # writes vectors.jsonl beside this file

At least 2,000 cases. For every one `transformers` itself puts the processors together (so their order is tested too) and
runs them on float64 scores (eta's ε too), so that float32 rounding does not decide what is kept. Random numbers and
draws come from a second implementation of Philox4x32-10 and of the inverse CDF, in numpy.

Where tokens tie at the cut of top-p, the library leaves the choice to an unstable sort; the vectors then
hold the tokens with the lowest ids, which is our rule. How many are kept is the library's answer.
"""

import json
import pathlib
import random
import types

import numpy as np
import torch
from transformers import GenerationConfig
from transformers.generation.logits_process import (
    EpsilonLogitsWarper,
    EtaLogitsWarper,
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)
from transformers.generation.utils import GenerationMixin

from recipes import fnv1a, known_answer, logits_of, uniform

OUT = pathlib.Path(__file__).with_name("vectors.jsonl")
SHOWN = 12  # ids and probabilities are stored for the first so many kept tokens by raw rank
STAGES = {
    SequenceBiasLogitsProcessor: "logitBias",
    NoRepeatNGramLogitsProcessor: "noRepeatNgram",
    SuppressTokensLogitsProcessor: "bannedTokens",
    TypicalLogitsWarper: "typicalP",
    EpsilonLogitsWarper: "epsilonCutoff",
    EtaLogitsWarper: "etaCutoff",
    RepetitionPenaltyLogitsProcessor: "repetitionPenalty",
    MinNewTokensLengthLogitsProcessor: "minNewTokens",
    TemperatureLogitsWarper: "temperature",
    TopKLogitsWarper: "topK",
    TopPLogitsWarper: "topP",
    MinPLogitsWarper: "minP",
}


# ---- the library ----


class Bare(GenerationMixin):
    """As much of a model as the library asks for when it puts processors together."""

    config = types.SimpleNamespace(is_encoder_decoder=False)


def processors_of(case, knobs):
    """Whether the library would draw at random, and its processors, in its order."""
    sampling = knobs["doSample"] and knobs["temperature"] != 0
    warpers = {
        "temperature": float(knobs["temperature"]),
        "top_k": knobs["topK"],
        "top_p": float(knobs["topP"]),
        "min_p": float(knobs["minP"]) or None,
        "typical_p": float(knobs["typicalP"]),
        "epsilon_cutoff": float(knobs["epsilonCutoff"]),
        "eta_cutoff": float(knobs["etaCutoff"]),
    }
    config = GenerationConfig(
        do_sample=sampling,
        repetition_penalty=float(knobs["repetitionPenalty"]),
        min_new_tokens=knobs["minNewTokens"] or None,
        no_repeat_ngram_size=knobs["noRepeatNgram"],
        suppress_tokens=knobs["bannedTokens"] or None,
        sequence_bias=[[[int(id)], float(bias)] for id, bias in knobs["logitBias"].items()] or None,
        eos_token_id=case["endTokens"],
        **(warpers if sampling else {}),
    )
    config._eos_token_tensor = torch.tensor(case["endTokens"], dtype=torch.long)
    return sampling, Bare()._get_logits_processor(
        generation_config=config,
        input_ids_seq_length=len(case["context"]) - case["newTokens"],
        device="cpu",
    )


def lowest_ids_of_ties(before, after):
    """Of the tokens that tie with the least one kept, keeps as many as the library did, by lowest id."""
    least = after[after > -torch.inf].min()
    tied = torch.nonzero(before == least).flatten()
    kept = int((after[tied] > -torch.inf).sum())
    after = after.clone()
    after[tied] = -torch.inf
    after[tied[:kept]] = least
    return after


def warp(case, knobs, logits):
    scores = torch.from_numpy(logits.astype(np.float64))[None]
    context = torch.tensor([case["context"]], dtype=torch.long)
    sampling, processors = processors_of(case, knobs)
    stages = []
    for processor in processors:
        before = scores[0].clone()
        if isinstance(processor, EtaLogitsWarper):
            processor.epsilon = torch.tensor(float(knobs["etaCutoff"]), dtype=torch.float64)
        scores = processor(context, scores)
        if not torch.isfinite(scores).any():
            return None, stages
        if isinstance(processor, TopPLogitsWarper):
            scores = lowest_ids_of_ties(before, scores[0])[None]
        removed = int(((scores[0] == -torch.inf) & (before > -torch.inf)).sum())
        stages.append([STAGES[type(processor)], removed])
    if not sampling:
        left = int((scores[0] > -torch.inf).sum())
        best = torch.argmax(scores[0])
        only = torch.full_like(scores, -torch.inf)
        only[0, best] = scores[0, best]
        scores = only
        stages.append(["greedy", left - 1])
    return scores[0], stages


# ---- one case ----


def entropy(p):
    p = p[p > 0]
    return max(0.0, float(-(p * np.log2(p)).sum()))


DEFAULTS = {
    "doSample": True,
    "temperature": 1,
    "topK": 0,
    "topP": 1,
    "minP": 0,
    "repetitionPenalty": 1,
    "minNewTokens": 0,
    "typicalP": 1,
    "epsilonCutoff": 0,
    "etaCutoff": 0,
    "noRepeatNgram": 0,
    "bannedTokens": [],
    "logitBias": {},
    "seed": 0,
}


def vector(case):
    """The case with the library's answer, or None where the library bans every token."""
    knobs = DEFAULTS | case["knobs"]
    logits = logits_of(case["logits"])
    scores, stages = warp(case, knobs, logits)
    if scores is None:
        return None
    p = torch.softmax(scores, -1).numpy()
    raw = torch.softmax(torch.from_numpy(logits.astype(np.float64)), -1).numpy()
    order = np.lexsort((np.arange(len(logits)), -logits.astype(np.float64)))
    kept = order[np.isfinite(scores.numpy())[order]]
    cdf = np.cumsum(p[order])
    drawable = np.nonzero(p[order])[0][-1]
    steps = [case["newTokens"] + i for i in (0, 1, 1000)]
    draws = []
    for step in steps:
        u = float(uniform(knobs["seed"], [step])[0])
        rank = min(int(np.searchsorted(cdf, u, side="right")), int(drawable))
        draws.append([step, u, int(order[rank])])
    return case | {
        "kept": len(kept),
        "keptHash": fnv1a(kept),
        "keptMass": float(raw[kept].sum()),
        "ids": [int(i) for i in kept[:SHOWN]],
        "probabilities": [float(f"{x:.16g}") for x in p[kept[:SHOWN]]],
        "stages": stages,
        "entropy": [entropy(raw), entropy(p)],
        "draws": draws,
    }


# ---- all cases ----

ALONE = {
    "temperature": [0, 0.01, 0.1, 0.5, 0.8, 1.5, 2, 10, 100],
    "topK": [1, 2, 3, 7, 40, 50, 1000, 1_000_000],
    "topP": [0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999],
    "minP": [0.001, 0.01, 0.05, 0.1, 0.3, 0.9, 1],
    "repetitionPenalty": [0.01, 0.5, 0.9, 1.1, 1.3, 2, 10],
    "minNewTokens": [1, 4, 100],
    "doSample": [False],
}
SIZES = [8, 50, 1000, 49152]


class Maker:
    """Draws cases; its own generator is seeded, so that the file can be made again."""

    def __init__(self):
        self.random = random.Random(20260101)

    def case(self, name, size, knobs, grid=0):
        choose = self.random
        if size <= 16:
            values = [choose.gauss(0, 3) for _ in range(size)]
            values = [round(x * grid) / grid if grid else x for x in values]
            logits = {"values": [float(np.float32(x)) for x in values]}
        else:
            spread, offset = choose.choice([(8, -2), (20, -10), (25, 0), (30, -100), (40, -20)])
            logits = {"size": size, "seed": choose.getrandbits(53), "spread": spread, "offset": offset, "grid": grid}
        best = np.argsort(-logits_of(logits), kind="stable")[:12].tolist()
        new_tokens = choose.randrange(0, 6)
        length = new_tokens + choose.randrange(1, 20)
        # Half of the context is made of likely tokens, so that the penalty matters.
        context = [choose.choice(best) if choose.random() < 0.5 else choose.randrange(size) for _ in range(length)]
        end_tokens = sorted({choose.choice(best), choose.randrange(size)})
        knobs = {"seed": choose.getrandbits(53)} | knobs
        return {
            "name": name,
            "logits": logits,
            "context": context,
            "newTokens": new_tokens,
            "endTokens": end_tokens,
            "knobs": knobs,
        }

    def mixed_knobs(self):
        choose = self.random
        knobs = {}
        if choose.random() < 0.6:
            knobs["temperature"] = round(choose.choice([choose.uniform(0.05, 2), choose.uniform(2, 20)]), 2)
        if choose.random() < 0.5:
            knobs["topK"] = choose.choice([1, 2, 5, 20, 40, 100, 500])
        if choose.random() < 0.6:
            knobs["topP"] = round(choose.uniform(0, 1), 3)
        if choose.random() < 0.5:
            knobs["minP"] = round(choose.uniform(0, 1) ** 3, 4)
        if choose.random() < 0.5:
            knobs["repetitionPenalty"] = round(choose.uniform(0.5, 3), 2)
        if choose.random() < 0.3:
            knobs["minNewTokens"] = choose.randrange(1, 8)
        if choose.random() < 0.1:
            knobs["doSample"] = False
        return knobs

    def new_alone(self, key, size):
        choose = self.random
        ids = [choose.randrange(size) for _ in range(choose.randrange(1, 6))]
        return {
            "typicalP": lambda: round(choose.uniform(0.02, 0.99), 3),
            "epsilonCutoff": lambda: round(choose.uniform(0.02, 0.9) ** 4, 6),
            "etaCutoff": lambda: round(choose.uniform(0.02, 0.9) ** 3, 6),
            "noRepeatNgram": lambda: choose.choice([1, 2, 3]),
            "bannedTokens": lambda: sorted(set(ids)),
            "logitBias": lambda: {str(id): choose.choice([-1, 1]) * choose.randrange(1, 41) / 4 for id in ids},
        }[key]()

    def any_knobs(self, size):
        knobs = self.mixed_knobs()
        for key in ("typicalP", "epsilonCutoff", "etaCutoff", "noRepeatNgram", "bannedTokens", "logitBias"):
            if self.random.random() < 0.35:
                knobs[key] = self.new_alone(key, size)
        return knobs

    def more(self):
        """Cases of the stages that came later, so that the earlier cases stay as they are."""
        for size in SIZES:
            for key in ("typicalP", "epsilonCutoff", "etaCutoff", "noRepeatNgram", "bannedTokens", "logitBias"):
                for index in range(14):
                    case = self.case(f"{key} {index} of {size}", size, {key: self.new_alone(key, size)})
                    yield self.repeating(case) if key == "noRepeatNgram" else case
        for index in range(1400):
            size = 49152 if index % 40 == 0 else self.random.choice([8, 12, 16, 64, 257, 1000, 5000])
            grid = self.random.choice([0, 0, 1, 2, 8])
            case = self.case(f"chain {index} of {size} on grid {grid}", size, self.any_knobs(size), grid)
            yield self.repeating(case)

    def repeating(self, case):
        """The case with the end of its context copied to where it makes n-grams repeat, half of the time."""
        context = case["context"]
        if len(context) > 3 and self.random.random() < 0.5:
            start = self.random.randrange(len(context) - 3)
            context[start : start + 2] = context[-2:]
        return case

    def given(self, name, values, knobs, context=(0,), end_tokens=(0,)):
        return {
            "name": name,
            "logits": {"values": [float(np.float32(x)) for x in values]},
            "context": list(context),
            "newTokens": 0,
            "endTokens": list(end_tokens),
            "knobs": knobs,
        }

    def all(self):
        for size in SIZES:
            for key, values in ALONE.items():
                for value in values:
                    yield self.case(f"{key} {value} of {size}", size, {key: value})
        for index in range(190):
            size = self.random.choice([8, 12, 16, 64, 257, 1000, 5000, 49152] if index % 4 else SIZES)
            grid = self.random.choice([0, 0, 1, 2, 8])
            yield self.case(f"mixed {index} of {size} on grid {grid}", size, self.mixed_knobs(), grid)
        yield self.given("temperature before top-p", [3, 2, 1], {"temperature": 0.5, "topP": 0.8})
        yield self.given("temperature before min-p", [4, 2.5, 1.5, 0], {"temperature": 2, "minP": 0.1})
        yield self.given("renormalised in between", [2, 1.5, 1, 0.5, 0, -1], {"topK": 3, "topP": 0.7})
        yield self.given("all equal", [1] * 10, {"topP": 0.7})
        yield self.given("all equal, top-k", [1] * 10, {"topK": 3})
        yield self.given("all equal, greedy", [1] * 10, {"doSample": False})
        yield self.given("all equal, none to reach", [1] * 10, {"topP": 0})
        yield self.given("quarter tails", [0] * 4, {"topP": 0.75})
        yield self.given("near -100", [-100, -100.5, -101, -103], {"repetitionPenalty": 1.2}, context=(0, 0, 2))
        yield self.given("ids beyond the vocabulary", [1, 2, 3], {"repetitionPenalty": 1.5}, context=(2, 3, 99))
        yield self.given("end banned", [5, 1, 0], {"minNewTokens": 1, "topK": 1})
        yield self.given("zero logit", [0, -1, 1], {"repetitionPenalty": 2}, context=(0, 1, 2))
        yield self.given("one token", [3], {"topP": 0.1, "minP": 1, "topK": 1}, end_tokens=(9,))


def main():
    known_answer()
    maker = Maker()
    cases = [*maker.all(), *maker.more()]
    vectors = [line for line in map(vector, cases) if line]
    with OUT.open("w") as out:
        for line in vectors:
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    print(f"{len(vectors)} of {len(cases)} cases, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
