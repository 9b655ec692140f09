"""Writes losses_and_optimizers.json: numbers of PyTorch (1.13, CPU) for the tests. Run with Debian's python3-torch: /usr/bin/python3 make_losses_and_optimizers.py"""
import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(11)
N, C = 6, 7
student = (torch.randn(N, C) * 2).requires_grad_()
teacher = torch.randn(N, C) * 3
labels = torch.randint(0, C, (N,))


def gradient(loss):
    student.grad = None
    loss.backward()
    return {"loss": loss.item(), "gradient": student.grad.flatten().tolist()}


def decoupled(T, alpha, beta):
    """Zhao et al. 2022, equations 4 to 8, straight from the probabilities, in float64."""
    ps, pt = F.softmax(student.double() / T, 1), F.softmax(teacher.double() / T, 1)
    target = F.one_hot(labels, C).bool()
    bs = torch.stack([ps[target], 1 - ps[target]], 1)
    bt = torch.stack([pt[target], 1 - pt[target]], 1)
    tckd = (bt * (bt / bs).log()).sum(1).mean()
    qs = ps[~target].reshape(N, C - 1) / (1 - ps[target]).unsqueeze(1)
    qt = pt[~target].reshape(N, C - 1) / (1 - pt[target]).unsqueeze(1)
    nckd = (qt * (qt / qs).log()).sum(1).mean()
    return T * T * (alpha * tckd + beta * nckd)


def relations(T, inter, intra):
    """Huang et al. 2022, equations 6 to 9: Pearson correlation of rows and of columns, by torch.corrcoef."""
    ps, pt = F.softmax(student.double() / T, 1), F.softmax(teacher.double() / T, 1)

    def distance(a, b):
        return torch.stack([1 - torch.corrcoef(torch.stack([x, y]))[0, 1] for x, y in zip(a, b)]).mean()

    return T * T * (inter * distance(ps, pt) + intra * distance(ps.t(), pt.t()))


def learnt_temperature(theta):
    """Li et al. 2023: the temperature 1 + 20 sigmoid(theta) in the graph of Hinton's loss."""
    theta = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    T = 1 + 20 * torch.sigmoid(theta)
    loss = F.kl_div(F.log_softmax(student.double() / T, 1), F.softmax(teacher.double() / T, 1), reduction="batchmean") * T * T
    found = gradient(loss)
    return {**found, "theta": 0.3, "temperature": T.item(), "theta_gradient": theta.grad.item()}


def steps(make, clip=None):
    weight = torch.nn.Parameter(torch.linspace(-1, 1, 12).reshape(4, 3))
    optimizer = make([weight])
    for step in range(10):
        optimizer.zero_grad()
        ((weight * torch.arange(1, 13).reshape(4, 3) / 6 - torch.sin(torch.tensor(float(step)))) ** 2).sum().backward()
        if clip:
            torch.nn.utils.clip_grad_norm_([weight], clip)
        optimizer.step()
    return weight.flatten().tolist()


result = {
    "student_logits": student.detach().tolist(),
    "teacher_logits": teacher.tolist(),
    "labels": labels.tolist(),
    "decoupled": [{"T": T, "alpha": a, "beta": b, **gradient(decoupled(T, a, b))} for T, a, b in ((4.0, 1.0, 8.0), (1.0, 2.0, 0.5))],
    "relations": [{"T": T, "inter": a, "intra": b, **gradient(relations(T, a, b))} for T, a, b in ((4.0, 2.0, 2.0), (1.0, 1.0, 0.0))],
    "smoothed": [{"smoothing": s, **gradient(F.cross_entropy(student, labels, label_smoothing=s))} for s in (0.0, 0.1)],
    "learnt_temperature": learnt_temperature(0.3),
    "optimizers": {
        "adam": steps(lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1)),
        "adamw": steps(lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1)),
        "sgd": steps(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=0.01)),
        "sgd_nesterov": steps(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=0.01, nesterov=True)),
        "sgd_clipped": steps(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9), clip=0.5),
    },
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses_and_optimizers.json"), "w", encoding="utf-8") as file:
    json.dump(result, file)
