#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the detector: train_detector.py OUT.pt EPOCHS PREFIX..."""
import sys
import time

import numpy
import torch
from torch.nn import functional

from networks import HEIGHT, REACH, SEED, STRIDES, WIDTH, Detector, cells
from pictures import Camera, Pictures, normalised

BATCH = 16
FASTEST = 4e-3
# Faces whose size (the root of the area, in pixels of the input) lies between are a stride's.
SIZES = {8: (0, 34), 16: (28, 72), 32: (58, 1000)}
CORE = 0.22          # cells within this share of a box about its middle are to find it
SMALLEST = 9         # faces smaller than this, or seen less than that, are neither yes nor no
SEEN = 0.4
IGNORED = -1


def targets_of(boxes, certain):
    """Of each cell: 1 for a face, 0 for none, IGNORED; and the corners of its face."""
    at = cells().numpy()
    labels = numpy.zeros(len(at), numpy.int8)
    corners = numpy.zeros((len(at), 4), numpy.float32)
    nearest = numpy.full(len(at), numpy.inf, numpy.float32)
    order = numpy.argsort(certain, kind="stable")  # the uncertain first
    for (x, y, width, height), sure in zip(boxes[order], certain[order]):
        if width < 1 or height < 1:
            continue
        across = numpy.abs(at[:, 0] - x - width / 2)
        down = numpy.abs(at[:, 1] - y - height / 2)
        inside = (across < width / 2) & (down < height / 2)
        if not sure:
            labels[inside & (labels == 0)] = IGNORED
            continue
        size = numpy.sqrt(width * height)
        distance = (across / width) ** 2 + (down / height) ** 2
        for stride in STRIDES:
            level = at[:, 2] == stride
            least, most = SIZES[stride]
            if not least <= size < most:
                continue
            core = level & (across < max(CORE * width, stride * 0.51)) & (
                down < max(CORE * height, stride * 0.51)) & (distance < nearest)
            labels[core] = 1
            nearest[core] = distance[core]
            corners[core] = (x, y, x + width, y + height)
    return labels, corners


def load(prefixes):
    pixels, labels, corners = [], [], []
    for prefix in prefixes:
        one = Pictures(prefix, WIDTH, HEIGHT)
        pixels.append(one.pixels)
        rows = one.numbers("picture", "x", "y", "width", "height", "visible")
        for picture in range(len(one.pixels)):
            faces = rows[rows[:, 0] == picture]
            sure = (faces[:, 5] >= SEEN) & (faces[:, 4] >= SMALLEST)
            label, corner = targets_of(faces[:, 1:5], sure)
            labels.append(label)
            corners.append(corner)
    return (torch.cat(pixels), torch.from_numpy(numpy.stack(labels)),
            torch.from_numpy(numpy.stack(corners)))


def mirrored_order():
    """Where each cell lies after its picture is mirrored."""
    at = cells()
    place = {tuple(cell): index for index, cell in enumerate(at.tolist())}
    return torch.tensor([place[(WIDTH - x, y, stride)] for x, y, stride in at.tolist()])


def box_loss(boxes, wanted):
    """1 - GIoU."""
    def area(box):
        return (box[:, 2:] - box[:, :2]).clamp(min=0).prod(1)
    overlap = area(torch.cat([torch.maximum(boxes[:, :2], wanted[:, :2]),
                              torch.minimum(boxes[:, 2:], wanted[:, 2:])], 1))
    hull = area(torch.cat([torch.minimum(boxes[:, :2], wanted[:, :2]),
                           torch.maximum(boxes[:, 2:], wanted[:, 2:])], 1)).clamp(min=1e-3)
    union = (area(boxes) + area(wanted) - overlap).clamp(min=1e-3)
    return 1 - overlap / union + (hull - union) / hull


def score_loss(logits, labels):
    """Focal loss (Lin et al. 2017, alpha 0.5, gamma 2) over the cells that are not ignored."""
    difference = logits[..., 1] - logits[..., 0]
    truth = (labels == 1).float()
    loss = functional.binary_cross_entropy_with_logits(difference, truth, reduction="none")
    wrong = (difference.sigmoid() - truth).abs()
    return (loss * wrong ** 2 * (labels != IGNORED)).sum()


def train(out, epochs, prefixes):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    pixels, labels, corners = load(prefixes)
    print(f"{len(pixels)} frames, {(labels == 1).sum().item()} cells with faces", flush=True)
    net = Detector().to(memory_format=torch.channels_last)
    at = cells()
    middles, reach = at[:, [0, 1, 0, 1]], at[:, 2:] * REACH
    mirror_order = mirrored_order()
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    steps = epochs * (len(pixels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, FASTEST, total_steps=steps,
                                                   pct_start=0.15)
    camera = Camera(SEED)
    begin = time.time()
    for epoch in range(epochs):
        sums = torch.zeros(2)
        order = torch.randperm(len(pixels))
        for chosen in order[:len(order) // BATCH * BATCH].split(BATCH):
            mirror = camera.mirrored()
            batch = camera.take(normalised(pixels[chosen]), mirror)
            label, wanted = labels[chosen], corners[chosen]
            if mirror:
                label, wanted = label[:, mirror_order], wanted[:, mirror_order]
                left, right = WIDTH - wanted[..., 2], WIDTH - wanted[..., 0]
                wanted = torch.stack([left, wanted[..., 1], right, wanted[..., 3]], 2)
            offsets, logits = net(batch)
            faces = label == 1
            count = faces.sum().clamp(min=1)
            boxes = (offsets * reach + middles)[faces]
            losses = torch.stack([score_loss(logits, label) * 4 / count,
                                  box_loss(boxes, wanted[faces]).sum() / count])
            optimiser.zero_grad()
            losses.sum().backward()
            optimiser.step()
            schedule.step()
            sums += losses.detach()
        mean = sums / (len(order) // BATCH)
        print(f"epoch {epoch + 1}: losses score {mean[0]:.3f} box {mean[1]:.3f}, "
              f"{time.time() - begin:.0f} s", flush=True)
        torch.save(net.state_dict(), out)


if __name__ == "__main__":
    train(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
