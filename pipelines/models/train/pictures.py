# SPDX-License-Identifier: MIT
"""Reads what facet-draw writes, and changes its pictures a little, as cameras would."""
import csv

import numpy
import torch

GENDERS = ["female", "male"]
MOODS = ["neutral", "happy", "sad", "surprise", "anger"]


class Pictures:
    """Pictures [N, height, width, 3] and, one row per face, what is known of them."""

    def __init__(self, prefix, width, height):
        self.pixels = torch.from_numpy(
            numpy.fromfile(prefix + ".rgb", numpy.uint8).reshape(-1, height, width, 3))
        with open(prefix + ".csv", encoding="utf-8") as lines:
            self.faces = list(csv.DictReader(lines))

    def numbers(self, *columns):
        return numpy.array([[float(face[column]) for column in columns] for face in self.faces],
                           numpy.float32).reshape(-1, len(columns))

    def labels(self, column, names):
        return torch.tensor([names.index(face[column]) for face in self.faces])


def normalised(pixels):
    """[N, height, width, 3] of u8 to the models' input: as mean 127, scale 128 in model-info."""
    return (pixels.permute(0, 3, 1, 2).float() - 127) / 128


class Camera:
    """Mirrors, brightens, tints, fades and speckles a normalised batch."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.grain = torch.randn(1 << 22, generator=torch.Generator().manual_seed(seed))

    def mirrored(self):
        return self.random.random() < 0.5

    def take(self, batch, mirror):
        count = len(batch)
        if mirror:
            batch = batch.flip(3)
        gain = self.random.uniform(0.8, 1.2, (count, 1, 1, 1)) * self.random.uniform(
            0.95, 1.05, (count, 3, 1, 1))
        offset = self.random.uniform(-0.08, 0.08, (count, 1, 1, 1)) + gain - 1
        batch = batch * torch.from_numpy(gain).float() + torch.from_numpy(offset).float()
        strength = self.random.uniform(0, 0.03, (count, 1, 1, 1))
        start = int(self.random.integers(0, len(self.grain) - batch.numel()))
        grain = self.grain[start:start + batch.numel()].view(
            count, *batch.shape[2:], 3).permute(0, 3, 1, 2)
        return (batch + grain * torch.from_numpy(strength).float()).clamp(-1, 1)
