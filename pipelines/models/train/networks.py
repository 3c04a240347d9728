# SPDX-License-Identifier: MIT
"""The two networks: what they are made of, and how they become ONNX files."""
import copy

import torch
from torch import nn

SEED = 20240607
CROP = 64
WIDTH, HEIGHT = 320, 192
STRIDES = (8, 16, 32)
REACH = 2  # box sides are told in units of this many strides


def block(inputs, outputs, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Attributes(nn.Module):
    """A face [N,3,64,64] -> age in years / 100 [N,1], gender [N,2], mood [N,5]."""

    INPUT, OUTPUTS = "face", ["age", "gender", "mood"]

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            block(3, 16, 2), block(16, 32, 2), block(32, 32), block(32, 64, 2), block(64, 64),
            block(64, 64, 2), nn.Flatten(), nn.Linear(64 * 4 * 4, 64), nn.ReLU(inplace=True))
        self.age = nn.Linear(64, 1)
        self.gender = nn.Linear(64, len(("female", "male")))
        self.mood = nn.Linear(64, 5)

    def forward(self, face):
        """Logits of gender and mood."""
        known = self.backbone(face)
        return self.age(known), self.gender(known), self.mood(known)


class Detector(nn.Module):
    """A frame [N,3,192,320] -> offsets [N,P,4] and logits [N,P,2] (background, face).

    P cells of three grids, one per stride; nothing is suppressed.
    """

    INPUT, OUTPUTS = "frame", ["boxes", "scores"]

    def __init__(self):
        super().__init__()
        self.near = nn.Sequential(block(3, 8, 2), block(8, 16, 2), block(16, 32, 2),
                                  block(32, 32), block(32, 32))
        self.middle = nn.Sequential(block(32, 40, 2), block(40, 40), block(40, 40))
        self.far = nn.Sequential(block(40, 48, 2), block(48, 48))
        self.boxes = nn.ModuleList(nn.Conv2d(width, 4, 1) for width in (32, 40, 48))
        self.scores = nn.ModuleList(nn.Conv2d(width, 2, 1) for width in (32, 40, 48))
        for score in self.scores:  # faces are rare
            nn.init.constant_(score.bias[:1], 2.3)
            nn.init.constant_(score.bias[1:], -2.3)

    def forward(self, frame):
        near = self.near(frame)
        middle = self.middle(near)
        levels = [near, middle, self.far(middle)]
        rows = [[head(level).permute(0, 2, 3, 1).flatten(1, 2) for head, level in
                 zip(heads, levels)] for heads in (self.boxes, self.scores)]
        return torch.cat(rows[0], 1), torch.cat(rows[1], 1)


def cells():
    """Of each of the P cells: x and y of its middle and its stride, in pixels."""
    rows = []
    for stride in STRIDES:
        y, x = torch.meshgrid(torch.arange(HEIGHT // stride), torch.arange(WIDTH // stride),
                              indexing="ij")
        middle = torch.stack([x, y], 2).reshape(-1, 2) * stride + stride / 2
        rows.append(torch.cat([middle, torch.full((len(middle), 1), float(stride))], 1))
    return torch.cat(rows)


class ReadyAttributes(nn.Module):
    def __init__(self, trained):
        super().__init__()
        self.trained = trained

    def forward(self, face):
        age, gender, mood = self.trained(face)
        return age, gender.softmax(1), mood.softmax(1)


class ReadyDetector(nn.Module):
    """Corners as fractions of the picture, and probabilities."""

    def __init__(self, trained):
        super().__init__()
        self.trained = copy.deepcopy(trained)
        size = torch.tensor([WIDTH, HEIGHT, WIDTH, HEIGHT])
        self.register_buffer("middles", (cells()[:, [0, 1, 0, 1]] / size)[None])
        for head, stride in zip(self.trained.boxes, STRIDES):
            head.weight.data *= (stride * REACH / size).view(4, 1, 1, 1)
            head.bias.data *= stride * REACH / size

    def forward(self, frame):
        offsets, logits = self.trained(frame)
        return offsets + self.middles, logits.softmax(2)


def ready(trained):
    """The network as it is used: in evaluation mode, its outputs what model-info says."""
    wrapper = ReadyDetector if isinstance(trained, Detector) else ReadyAttributes
    return wrapper(trained).eval()


def export(trained, path):
    model = ready(trained)
    shape = (1, 3, HEIGHT, WIDTH) if isinstance(trained, Detector) else (1, 3, CROP, CROP)
    # Folds batch normalisation into the convolutions before it.
    torch.onnx.export(model, torch.zeros(shape), path, opset_version=13,
                      input_names=[trained.INPUT], output_names=trained.OUTPUTS)
