"""Seconds of one epoch of a plain PyTorch distillation loop that runs the teacher (random weights) in every step, a line for each epoch asked for.

Pictures lie in memory as uint8; each epoch pads, crops and flips them anew. Adam, T = 4, KL only, as the reference trains."""
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

architecture = sys.argv[1]
images, size, batch, classes = (int(value) for value in sys.argv[2:6])
teacher = getattr(torchvision.models, architecture)(num_classes=classes).eval()
student = torchvision.models.mobilenet_v2(num_classes=classes).train()
optimizer = torch.optim.Adam(student.parameters(), lr=1e-3, weight_decay=1e-4)
pixels = torch.randint(0, 256, (images, 3, size, size), dtype=torch.uint8)
mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
deviation = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
T = 4.0


def augment(view):
    padded = F.pad(view.float(), (4, 4, 4, 4), mode="reflect")
    out = torch.empty_like(view, dtype=torch.float32)
    for i in range(len(view)):
        x, y = torch.randint(0, 9, (2,)).tolist()
        crop = padded[i, :, y:y + size, x:x + size]
        out[i] = crop.flip(2) if torch.rand(()) < 0.5 else crop
    return (out / 255 - mean) / deviation


def epoch(count):
    order = torch.randperm(images)[:count]
    for start in range(0, count, batch):
        view = augment(pixels[order[start:start + batch]])
        with torch.no_grad():
            target = F.softmax(teacher(view) / T, 1)
        optimizer.zero_grad()
        loss = F.kl_div(F.log_softmax(student(view) / T, 1), target, reduction="batchmean") * T * T
        loss.backward()
        optimizer.step()


epoch(batch)
print("ready", flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    epoch(images)
    print(time.perf_counter() - started, flush=True)
