# python3 quantize.py student.safetensors PICTURES int8.onnx   (mobilenet_v2; PICTURES: some hundred training pictures, in folders by class or not)
import inspect
import json
import struct
import sys
from pathlib import Path

import torch
from PIL import Image
from torch.ao.quantization import FixedQParamsObserver, HistogramObserver, PerChannelMinMaxObserver, QConfig, convert, prepare
from torch.nn.intrinsic import ConvReLU2d
from torchvision import transforms
from torchvision.models.quantization import mobilenet_v2

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def load(path):
    """Reads a safetensors file; safetensors.torch.load_file does the same."""
    raw = open(path, "rb").read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    types = {"F32": torch.float32, "I64": torch.int64}
    about = header.pop("__metadata__")
    state = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = bytearray(raw[8 + length + begin : 8 + length + end])
        state[name] = torch.frombuffer(data, dtype=types[entry["dtype"]]).reshape(entry["shape"])
    return state, about


def to_input(path):
    picture = Image.open(path).convert("RGB")
    steps = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    if picture.size != (size, size):
        steps = [transforms.Resize(size * 256 // 224), transforms.CenterCrop(size)] + steps
    return transforms.Compose(steps)(picture)


def metadata(key, value):
    """An entry of ModelProto.metadata_props (field 14), to be appended to an ONNX file."""

    def field(number, data):
        length, prefix = len(data), bytearray([number << 3 | 2])
        while length > 127:
            prefix.append(length & 127 | 128)
            length >>= 7
        return bytes(prefix) + bytes([length]) + data

    return field(14, field(1, key.encode()) + field(2, value.encode()))


state, about = load(sys.argv[1])
size, small = int(about["size"]), about["form"] == "small"
model = mobilenet_v2(weights=None, num_classes=len(about["classes"].split("\n")), width_mult=float(about["width"]))
model.load_state_dict(state, strict=True)
if small:
    model.features[0][0].stride = model.features[2].conv[1][0].stride = (1, 1)
model.eval()
model.fuse_model(is_qat=False)

# One scale for each channel of the weights. This network has ReLU in place of ReLU6: values that are stored as 0 to 255 times 6/255 end at 6, too.
weights = PerChannelMinMaxObserver.with_args(dtype=torch.qint8, qscheme=torch.per_channel_symmetric)
relu6 = FixedQParamsObserver.with_args(scale=6 / 255, zero_point=0, dtype=torch.quint8, quant_min=0, quant_max=255)
model.qconfig = QConfig(activation=HistogramObserver.with_args(dtype=torch.quint8, reduce_range=False), weight=weights)
hooks = []
for module in model.modules():
    if isinstance(module, ConvReLU2d):
        module.qconfig = QConfig(activation=relu6, weight=weights)
        hooks.append(module.register_forward_hook(lambda module, inputs, output: output.clamp(max=6)))
prepare(model, inplace=True)
pictures = sorted(path for path in Path(sys.argv[2]).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
if not pictures:
    sys.exit(f"{sys.argv[2]} has no .jpg or .png pictures; the calibration needs some hundred.")
with torch.no_grad():
    for path in pictures:
        model(to_input(path)[None])
for hook in hooks:
    hook.remove()
# The export runs the result once. oneDNN's int8 kernels, the default of some builds, overwrite memory on some machines.
if "qnnpack" in torch.backends.quantized.supported_engines:
    torch.backends.quantized.engine = "qnnpack"
convert(model, inplace=True)

# The exporter of newer versions does not know these layers.
older = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
names = {"input_names": ["images"], "output_names": ["logits"], "dynamic_axes": {"images": {0: "N"}, "logits": {0: "N"}}}
torch.onnx.export(model, torch.zeros(1, 3, size, size), sys.argv[3], opset_version=13, **names, **older)
with open(sys.argv[3], "ab") as file:
    for key, value in {
        "classes": about["classes"],
        "size": about["size"],
        "resize": "none" if small else "shorter side to 256/224 of the size, then the center",
        "mean": ",".join(map(str, MEAN)),
        "std": ",".join(map(str, STD)),
    }.items():
        file.write(metadata(key, value))
