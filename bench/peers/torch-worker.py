"""The PyTorch side of torch.mjs; the argument is the number of threads. Reads a question a line, as JSON, and answers each with a line:
{"prepare": work} makes a work ready, {"time": n} answers the milliseconds that each of n runs took on average, {"value": i} runs input set i and
answers the result, of a gemm or a layer the first thousand numbers.
"""
import json
import sys
import time

import torch
from torch.nn.functional import cross_entropy, gelu

threads = int(sys.argv[1])
torch.set_num_threads(threads)
clock = time.process_time if threads == 1 else time.perf_counter


def read(work):
    """The arrays that lie one after another in the work's file, as torch.mjs lists them."""
    data = bytearray(open(work["file"], "rb").read())
    at = 0

    def take(entry):
        nonlocal at
        count = torch.Size(entry["shape"]).numel()
        tensor = torch.frombuffer(data, dtype=torch.int32 if entry["int"] else torch.float32, count=count, offset=at)
        at += 4 * count
        return (tensor.long() if entry["int"] else tensor).reshape(entry["shape"])

    arrays = work["arrays"]
    weights = {key: take(entry) for key, entry in arrays["weights"].items()}
    return weights, [{key: take(entry) for key, entry in entries.items()} for entries in arrays["sets"]]


class Model(torch.nn.Module):
    def __init__(self, work):
        super().__init__()
        cell, inputs, hidden = work["cell"], work["input"], work["hidden"]
        if cell == "gpt":
            options = {"dropout": 0, "activation": lambda x: gelu(x, approximate="tanh"), "batch_first": True, "norm_first": True}
            layer = torch.nn.TransformerEncoderLayer(inputs, work["heads"], 4 * inputs, **options)
            self.encoder = torch.nn.TransformerEncoder(layer, work["layers"], torch.nn.LayerNorm(inputs), enable_nested_tensor=False)
            self.mask = torch.nn.Transformer.generate_square_subsequent_mask(work["time"])
        else:
            self.rnn = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](inputs, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, work["classes"])

    def layer(self, x):
        return self.encoder(x, self.mask, is_causal=True) if hasattr(self, "encoder") else self.rnn(x)[0]


def prepare(work):
    """A function of an input set that does the work."""
    weights, sets = read(work)
    if work["kind"] == "gemm":
        return sets, lambda s: s["a"] @ s["b"]
    model = Model(work)
    model.load_state_dict(weights)
    if work["kind"] == "forward":
        return sets, torch.no_grad()(lambda s: model.layer(s["x"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"], betas=(work["beta1"], work["beta2"]), eps=work["eps"])

    def step(s):
        optimizer.zero_grad()
        loss = cross_entropy(model.head(model.layer(s["x"])).flatten(0, 1), s["y"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), work["clipNorm"])
        optimizer.step()
        return loss

    return sets, step


print(json.dumps(f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, {threads} thread{'s' if threads > 1 else ''}"), flush=True)
runs = 0
for line in sys.stdin:
    question = json.loads(line)
    answer = True
    if "prepare" in question:
        sets, run = prepare(question["prepare"])
    elif "value" in question:
        answer = run(sets[question["value"] % len(sets)]).detach().flatten()[:1000].tolist()
    else:
        start = time.process_time()
        for _ in range(question["time"]):
            run(sets[runs % len(sets)])
            runs += 1
        answer = 1000 * (time.process_time() - start) / question["time"]
    print(json.dumps(answer), flush=True)
