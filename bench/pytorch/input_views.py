"""Augmented views/s of torchvision transforms on Pillow, one thread, a line for each round that standard input asks for."""
import glob
import sys
import time

import torch
from PIL import Image
from torchvision import transforms

folder, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
augment = transforms.Compose([transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), transforms.ColorJitter(0.2, 0.2, 0.2), transforms.PILToTensor()])
paths = sorted(glob.glob(folder + "/*.jpg"))


def view(index):
    with Image.open(paths[index % len(paths)]) as image:
        return augment(image.convert("RGB"))


view(0)
print("ready", flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    for index in range(count):
        view(index)
    print(count / (time.perf_counter() - started), flush=True)
