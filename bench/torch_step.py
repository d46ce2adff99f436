"""The PyTorch side of bench/sections, on one thread. A line "MODEL VOCABULARY EMBED HIDDEN BATCH TIME LAYERS" makes a model to
train (of a gpt, HIDDEN is the number of heads), a line "attention BATCH HEADS TIME SIZE" causal attention, forward and backward, and answers PyTorch's version; a line "COUNT" does as many
steps of it and answers the milliseconds of processor time of one."""
import sys
import time

import torch


class Model(torch.nn.Module):
    def __init__(self, cell, vocabulary, embed, hidden, layers):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, embed)
        self.rnn = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](embed, hidden, layers, batch_first=True)
        self.linear = torch.nn.Linear(hidden, vocabulary)

    def forward(self, x):
        return self.linear(self.rnn(self.embedding(x))[0])


class Block(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        linear = torch.nn.Linear
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.out, self.wide, self.narrow = linear(width, 3 * width), linear(width, width), linear(width, 4 * width), linear(4 * width, width)

    def forward(self, x):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).flatten(2))
        return x + self.narrow(torch.nn.functional.gelu(self.wide(self.norm2(x))))


class Gpt(torch.nn.Module):
    def __init__(self, vocabulary, width, heads, layers, length):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.positions = torch.nn.Parameter(torch.zeros(length, width))
        self.blocks = torch.nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T


def training(cell, vocabulary, embed, hidden, batch, length, layers):
    model = Gpt(vocabulary, embed, hidden, layers, length) if cell == "gpt" else Model(cell, vocabulary, embed, hidden, layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.99), weight_decay=0)
    batches = [torch.randint(vocabulary, (2, batch, length)) for _ in range(8)]
    i = 0

    def step():
        nonlocal i
        x, y = batches[i % len(batches)]
        i += 1
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def attention(batch, heads, length, size):
    inputs = [torch.randn(batch, length, heads * size, requires_grad=True) for _ in range(3)]
    upstream = torch.randn(batch, length, heads * size)

    def step():
        for x in inputs:
            x.grad = None
        apart = [x.unflatten(-1, (heads, size)).transpose(1, 2) for x in inputs]
        y = torch.nn.functional.scaled_dot_product_attention(*apart, is_causal=True)
        y.transpose(1, 2).flatten(2).backward(upstream)

    return step


torch.set_num_threads(1)
torch.manual_seed(1)
step = None
for line in sys.stdin:
    words = line.split()
    if len(words) > 1:
        make = attention if words[0] == "attention" else lambda *sizes: training(words[0], *sizes)
        step = make(*map(int, words[1:]))
        print(torch.__version__, flush=True)
    else:
        count = int(words[0])
        start = time.process_time()
        for _ in range(count):
            step()
        print(1000 * (time.process_time() - start) / count, flush=True)
