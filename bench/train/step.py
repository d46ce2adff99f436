"""The PyTorch side of bench/train/step.mjs: one training step, on one thread, for every line read; answers the milliseconds.

python step.py CELL VOCABULARY EMBED HIDDEN BATCH TIME
"""
import sys
import time

import torch

cell, *sizes = sys.argv[1:]
vocabulary, embed, hidden, batch, length = map(int, sizes)
torch.set_num_threads(1)
torch.manual_seed(1)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, embed)
        self.rnn = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](embed, hidden, batch_first=True)
        self.linear = torch.nn.Linear(hidden, vocabulary)

    def forward(self, x):
        return self.linear(self.rnn(self.embedding(x))[0])


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.99), weight_decay=0)
batches = [torch.randint(vocabulary, (2, batch, length)) for _ in range(8)]
print(torch.__version__, flush=True)
for i, _ in enumerate(sys.stdin):
    x, y = batches[i % len(batches)]
    start = time.perf_counter()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(1000 * (time.perf_counter() - start), flush=True)
