"""Seconds of one eager training step of torchvision's MobileNetV2 (Adam, cross-entropy), a line for each round that standard input asks for."""
import sys
import time

import torch
import torchvision

batch, size, steps = (int(value) for value in sys.argv[1:4])
model = torchvision.models.mobilenet_v2(num_classes=100).train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
criterion = torch.nn.CrossEntropyLoss()
images = torch.rand(batch, 3, size, size)
labels = torch.arange(batch) % 100


def step():
    optimizer.zero_grad()
    loss = criterion(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


step()
print("ready", flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    for _ in range(steps):
        step()
    print((time.perf_counter() - started) / steps, flush=True)
