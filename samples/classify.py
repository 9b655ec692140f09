# python3 classify.py student.safetensors PICTURE...   (mobilenet_v2 of width 1, trained on views of 224 px; others: student.onnx in ONNX Runtime)
import json
import struct
import sys

import torch
from PIL import Image
from torchvision import models, transforms


def load(path):
    """Reads a safetensors file; safetensors.torch.load_file does the same."""
    raw = open(path, "rb").read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    types = {"F32": torch.float32, "I64": torch.int64}
    names = header.pop("__metadata__")["classes"].split("\n")
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = bytearray(raw[8 + length + begin : 8 + length + end])
        state[name] = torch.frombuffer(data, dtype=types[entry["dtype"]]).reshape(entry["shape"])
    return state, names


state, names = load(sys.argv[1])
model = models.mobilenet_v2(num_classes=len(names))
model.load_state_dict(state, strict=True)
model.eval()
to_input = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)
for path in sys.argv[2:]:
    with torch.no_grad():
        probabilities = model(to_input(Image.open(path).convert("RGB"))[None]).softmax(1)[0]
    best = int(probabilities.argmax())
    print(f"{path}: {names[best]} ({100 * probabilities[best]:.1f}%)")
