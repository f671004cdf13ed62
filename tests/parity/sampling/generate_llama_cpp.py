"""Golden vectors for src/sampling in llama.cpp's dialect, from llama.cpp's own samplers.

    python -m venv venv && venv/bin/pip install -r requirements-llama-cpp.txt
    venv/bin/python generate_llama_cpp.py  # writes llama_cpp.jsonl beside this file

The samplers are built and put in the order of llama.cpp's `common_sampler_init`, through the C interface
that llama-cpp-python binds. The library computes in float32, so a case is left out when rounding could
decide what is kept: when the kept set changes if cuts move by a part in 10,000, or if two logits that
differ by less than that lie at the cut. Logits stand on a grid, and no two of a case are equal, since the
library breaks ties by an unstable sort.

Breakers of DRY need a vocabulary, which needs a model; they are tested by llama.cpp's published vectors
in tests/sampling/llama_cpp.rs. XTC acts with probability 1 here, since its random numbers are the library's own.
"""

import ctypes
import json
import pathlib
import random

import numpy as np
from llama_cpp import llama_cpp as lib

from recipes import fnv1a, logits_of

OUT = pathlib.Path(__file__).with_name("llama_cpp.jsonl")
SHOWN = 20

DEFAULTS = {
    "temperature": 1,
    "dynatempRange": 0,
    "dynatempExponent": 1,
    "topK": 0,
    "topP": 1,
    "minP": 0,
    "typicalP": 1,
    "topNSigma": 0,
    "xtcProbability": 0,
    "xtcThreshold": 0.1,
    "repetitionPenalty": 1,
    "penaltyLastN": 64,
    "frequencyPenalty": 0,
    "presencePenalty": 0,
    "dryMultiplier": 0,
    "dryBase": 1.75,
    "dryAllowedLength": 2,
    "dryLastN": 64,
    "mirostat": 0,
    "mirostatTau": 5,
    "mirostatEta": 0.1,
    "logitBias": {},
    "bannedTokens": [],
}


# ---- the library ----


def samplers(knobs, size):
    """The samplers of these knobs, in the library's default order."""
    bias = [(int(i), b) for i, b in knobs["logitBias"].items()] + [(i, -np.inf) for i in knobs["bannedTokens"]]
    if bias:
        array = (lib.llama_logit_bias * len(bias))(*[lib.llama_logit_bias(token=i, bias=b) for i, b in bias])
        yield lib.llama_sampler_init_logit_bias(size, len(bias), array)
    if knobs["mirostat"]:
        yield lib.llama_sampler_init_temp(knobs["temperature"])
        seed, tau, eta = 0, knobs["mirostatTau"], knobs["mirostatEta"]
        if knobs["mirostat"] == 1:
            yield lib.llama_sampler_init_mirostat(size, seed, tau, eta, 100)
        else:
            yield lib.llama_sampler_init_mirostat_v2(seed, tau, eta)
        return
    yield lib.llama_sampler_init_penalties(
        size,
        knobs["penaltyLastN"],
        knobs["repetitionPenalty"],
        knobs["frequencyPenalty"],
        knobs["presencePenalty"],
    )
    yield lib.llama_sampler_init_dry(
        None,
        knobs["dryMultiplier"],
        knobs["dryBase"],
        knobs["dryAllowedLength"],
        knobs["dryLastN"],
        None,
        0,
    )
    yield lib.llama_sampler_init_top_n_sigma(knobs["topNSigma"])
    yield lib.llama_sampler_init_top_k(knobs["topK"])
    yield lib.llama_sampler_init_typical(knobs["typicalP"], 0)
    yield lib.llama_sampler_init_top_p(knobs["topP"], 0)
    yield lib.llama_sampler_init_min_p(knobs["minP"], 0)
    yield lib.llama_sampler_init_xtc(knobs["xtcProbability"], knobs["xtcThreshold"], 0, 0)
    yield lib.llama_sampler_init_temp_ext(knobs["temperature"], knobs["dynatempRange"], knobs["dynatempExponent"])
    yield lib.llama_sampler_init_dist(0)


def run(knobs, logits, context):
    """The probability of every kept id, by id."""
    array = (lib.llama_token_data * len(logits))()
    for i, logit in enumerate(logits):
        array[i].id, array[i].logit, array[i].p = i, float(logit), 0.0
    data = lib.llama_token_data_array(data=array, size=len(logits), selected=-1, sorted=False)
    chain = list(samplers(knobs, len(logits)))
    for sampler in chain:
        for token in context:
            lib.llama_sampler_accept(sampler, token)
        lib.llama_sampler_apply(sampler, ctypes.byref(data))
        lib.llama_sampler_free(sampler)
    left = [data.data[i] for i in range(data.size)]
    return {token.id: token.p for token in left if token.logit > -np.inf}


def moved(knobs, part):
    """The knobs with every cut moved by this part of it."""
    shift = 1 + part
    return knobs | {
        "topP": min(knobs["topP"] * shift, 1) if knobs["topP"] < 1 else 1,
        "minP": knobs["minP"] * shift,
        "typicalP": min(knobs["typicalP"] * shift, 0.999999) if knobs["typicalP"] < 1 else 1,
        "topNSigma": knobs["topNSigma"] * shift,
        "xtcThreshold": knobs["xtcThreshold"] * shift,
        "mirostatTau": knobs["mirostatTau"] * shift,
    }


def vector(case):
    """The case with the library's answer, or None where rounding could decide it."""
    knobs = DEFAULTS | case["knobs"]
    logits = logits_of(case["logits"])
    kept = run(knobs, logits, case["context"])
    for part in (-1e-4, 1e-4):
        if run(moved(knobs, part), logits, case["context"]).keys() != kept.keys():
            return None
    ids = sorted(kept, key=lambda i: (-logits[i], i))
    shown = ids[:SHOWN]
    return case | {
        "kept": len(ids),
        "keptHash": fnv1a(ids),
        "ids": shown,
        "probabilities": [float(f"{kept[i]:.8g}") for i in shown],
    }


# ---- the cases ----


class Maker:
    def __init__(self):
        self.random = random.Random(20260202)

    def case(self, name, size, knobs):
        choose = self.random
        if size <= 64:
            values = choose.sample(range(-6000, 6001), size)
            logits = {"values": [float(np.float32(value / 1000)) for value in values]}
        else:
            spread, offset = choose.choice([(20, -10), (25, 0), (40, -20)])
            logits = {"size": size, "seed": choose.getrandbits(53), "spread": spread, "offset": offset, "grid": 0}
        best = np.argsort(-logits_of(logits), kind="stable")[:12].tolist()
        length = choose.randrange(1, 90)
        context = [choose.choice(best) if choose.random() < 0.7 else choose.randrange(size) for _ in range(length)]
        if choose.random() < 0.5:  # a repetition at the end
            run_length = choose.randrange(1, min(8, length + 1))
            context += [choose.choice(best)] + context[-run_length - 1 : -1] if length > run_length else []
        return {"name": name, "logits": logits, "context": context, "knobs": {"dialect": "llamaCpp"} | knobs}

    def one(self, key):
        choose = self.random
        return {
            "temperature": lambda: {"temperature": choose.choice([0, 0.3, 0.8, 1.5, 3])},
            "dynatempRange": lambda: {
                "temperature": choose.choice([0.5, 1, 1.5]),
                "dynatempRange": choose.choice([0.2, 0.5, 2]),
                "dynatempExponent": choose.choice([0.5, 1, 2]),
            },
            "topK": lambda: {"topK": choose.choice([1, 3, 10, 40, 200])},
            "topP": lambda: {"topP": round(choose.uniform(0.05, 0.99), 3)},
            "minP": lambda: {"minP": round(choose.uniform(0.01, 0.8) ** 2, 4)},
            "typicalP": lambda: {"typicalP": round(choose.uniform(0.1, 0.95), 3)},
            "topNSigma": lambda: {"topNSigma": round(choose.uniform(0.3, 3), 2)},
            "xtcProbability": lambda: {"xtcProbability": 1, "xtcThreshold": round(choose.uniform(0.02, 0.5), 3)},
            "repetitionPenalty": lambda: {
                "repetitionPenalty": round(choose.uniform(0.8, 2), 2),
                "penaltyLastN": choose.choice([0, 1, 8, 64]),
            },
            "frequencyPenalty": lambda: {
                "frequencyPenalty": round(choose.uniform(-0.6, 1), 3),
                "penaltyLastN": choose.choice([4, 16, 64]),
            },
            "presencePenalty": lambda: {
                "presencePenalty": round(choose.uniform(-0.6, 1), 3),
                "penaltyLastN": choose.choice([4, 16, 64]),
            },
            "dryMultiplier": lambda: {
                "dryMultiplier": choose.choice([0.5, 0.8, 2]),
                "dryBase": choose.choice([1, 1.25, 1.75]),
                "dryAllowedLength": choose.choice([1, 2, 3]),
                "dryLastN": choose.choice([8, 32, 64]),
            },
            "logitBias": lambda: {"logitBias": {str(choose.randrange(8)): choose.choice([-2, 1.5, 4])}},
            "bannedTokens": lambda: {"bannedTokens": sorted({choose.randrange(8), choose.randrange(8)})},
        }[key]()

    def mirostat(self):
        choose = self.random
        return {
            "mirostat": choose.choice([1, 2]),
            "mirostatTau": round(choose.uniform(0.5, 5), 2),
            "temperature": choose.choice([0.7, 1, 1.5]),
        }

    KEYS = (
        "temperature dynatempRange topK topP minP typicalP topNSigma xtcProbability repetitionPenalty "
        "frequencyPenalty presencePenalty dryMultiplier logitBias bannedTokens"
    ).split()

    def mixed(self):
        keys = [key for key in self.KEYS if self.random.random() < 0.35]
        if "topNSigma" in keys:
            # The library leaves what top-n-σ cuts in the list: these two then see it there (see DynamicTemperature).
            keys = [key for key in keys if key not in ("typicalP", "dynatempRange")]
        if "bannedTokens" in keys:
            keys = [key for key in keys if key not in ("typicalP", "dynatempRange", "topNSigma")]
        return {name: value for key in keys for name, value in self.one(key).items()}

    def all(self):
        sizes = [12, 40, 64, 1000, 8000]
        for size in sizes:
            for key in self.KEYS:
                for index in range(5):
                    yield self.case(f"{key} {index} of {size}", size, self.one(key))
            for index in range(6):
                yield self.case(f"mirostat {index} of {size}", size, self.mirostat())
        for index in range(420):
            size = 49152 if index % 20 == 0 else self.random.choice(sizes)
            yield self.case(f"mixed {index} of {size}", size, self.mixed())


def main():
    cases = list(Maker().all())
    vectors = [line for line in map(vector, cases) if line]
    with OUT.open("w") as out:
        for line in vectors:
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    print(f"{len(vectors)} of {len(cases)} cases, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
