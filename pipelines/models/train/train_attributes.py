#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the age, gender and mood net: train_attributes.py OUT.pt EPOCHS PREFIX..."""
import sys
import time

import torch
from torch.nn import functional

from networks import CROP, SEED, Attributes
from pictures import GENDERS, MOODS, Camera, Pictures, normalised

BATCH = 128
FASTEST = 3e-3


def load(prefixes):
    sets = [Pictures(prefix, CROP, CROP) for prefix in prefixes]
    return (torch.cat([one.pixels for one in sets]),
            torch.cat([torch.from_numpy(one.numbers("age")) / 100 for one in sets]),
            torch.cat([one.labels("gender", GENDERS) for one in sets]),
            torch.cat([one.labels("mood", MOODS) for one in sets]))


def train(out, epochs, prefixes):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    pixels, ages, genders, moods = load(prefixes)
    net = Attributes().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
    steps = epochs * (len(pixels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, FASTEST, total_steps=steps,
                                                   pct_start=0.15)
    camera = Camera(SEED)
    begin = time.time()
    for epoch in range(epochs):
        sums = torch.zeros(3)
        order = torch.randperm(len(pixels))
        for chosen in order[:len(order) // BATCH * BATCH].split(BATCH):
            batch = camera.take(normalised(pixels[chosen]), camera.mirrored())
            age, gender, mood = net(batch)
            losses = torch.stack([functional.smooth_l1_loss(age, ages[chosen], beta=0.02) * 15,
                                  functional.cross_entropy(gender, genders[chosen]),
                                  functional.cross_entropy(mood, moods[chosen])])
            optimiser.zero_grad()
            losses.sum().backward()
            optimiser.step()
            schedule.step()
            sums += losses.detach()
        mean = sums / (len(order) // BATCH)
        print(f"epoch {epoch + 1}: losses age {mean[0]:.3f} gender {mean[1]:.3f} mood "
              f"{mean[2]:.3f}, {time.time() - begin:.0f} s", flush=True)
        torch.save(net.state_dict(), out)


if __name__ == "__main__":
    train(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
