"""Native llama.cpp, as a limit: writes greedily and says how long it took.

    native.py quantize FROM TO TYPE         re-encodes a model: q4_0, q8_0
    native.py run MODEL THREADS             jobs as lines of JSON in, answers as lines out

A job is {"ids": […], "count": n}; an answer is {"ids": […], "text": …, "first": ms, "gaps": […]}.
"""

import ctypes
import json
import sys
import time

import llama_cpp

TYPES = {"q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0, "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0}


def quantize(source, target, kind):
    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = TYPES[kind]
    settings.allow_requantize = True
    status = llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(settings))
    if status != 0:
        sys.exit(f"llama.cpp could not make {target} (status {status})")


def run(path, threads):
    model = llama_cpp.Llama(path, n_ctx=1024, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(write(model, job["ids"], job["count"])), flush=True)


def write(model, prompt, count):
    model.reset()
    ids, times = [], [time.perf_counter()]
    fresh = prompt
    while len(ids) < count:
        model.eval(fresh)
        token = model.sample(temp=0.0)
        times.append(time.perf_counter())
        ids.append(int(token))
        fresh = [token]
    gaps = [1000 * (b - a) for a, b in zip(times, times[1:])]
    text = model.detokenize(ids).decode("utf-8", errors="replace")
    return {"ids": ids, "text": text, "first": gaps[0], "gaps": gaps[1:]}


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "quantize":
        quantize(*rest)
    else:
        run(rest[0], int(rest[1]))
