#!/usr/bin/env python3
"""A training step of `mlp.nn`, `lenet5.nn` or `lstm.nn` in PyTorch, speaking the protocol of `./model bench`.

   torch_worker.py mlp|lenet5|lstm --threads N [--compile] [--nhwc]
"""
import argparse
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

options = argparse.ArgumentParser()
options.add_argument("case", choices=["mlp", "lenet5", "lstm"])
options.add_argument("--threads", type=int, default=1)
options.add_argument("--compile", action="store_true")
options.add_argument("--nhwc", action="store_true")
o = options.parse_args()
torch.set_num_threads(o.threads)
torch.manual_seed(1)
if o.case == "mlp":
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    x, batch, momentum = torch.rand(32, 784), 32, 0.0
elif o.case == "lstm":
    class CharLSTM(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.lstm, self.dense = nn.Embedding(65, 64), nn.LSTM(64, 256, batch_first=True), nn.Linear(256, 65)

        def forward(self, tokens):
            return self.dense(self.lstm(self.embedding(tokens))[0]).flatten(0, 1)

    net, x, batch = CharLSTM(), torch.randint(0, 65, (32, 64)), 32
else:
    net = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                        nn.Linear(84, 10))
    x, batch, momentum = torch.rand(64, 1, 28, 28), 64, 0.9
    if o.nhwc:
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
if o.case == "lstm":
    label = torch.randint(0, 65, (batch * 64,))
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
else:
    label = torch.randint(0, 10, (batch,))
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=momentum)


def loss_of(x, label):
    return F.cross_entropy(net(x), label)


if o.compile:
    loss_of = torch.compile(loss_of, dynamic=False)


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(x, label)
    loss.backward()
    if o.case == "lstm":
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimizer.step()
    return loss.item()


start = time.perf_counter()
step()
print(json.dumps({"ready": True, "peer": "torch-" + torch.__version__, "first_s": time.perf_counter() - start}), flush=True)
for line in sys.stdin:
    word = line.split()
    if word[0] == "QUIT":
        break
    if word[0] == "INFO":
        print(json.dumps({"batch": batch}), flush=True)
        continue
    times = []
    for _ in range(int(word[1])):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(json.dumps({"t": times}), flush=True)
