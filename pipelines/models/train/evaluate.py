#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well both nets do on pictures they have not seen: evaluate.py DETECTOR.pt FRAMES
ATTRIBUTES.pt CROPS

Prints tables by skin tone, size and lighting, and as its last line a JSON object.
"""
import collections
import json
import sys

import numpy
import torch

from networks import CROP, HEIGHT, WIDTH, Attributes, Detector, ready
from pictures import GENDERS, MOODS, Pictures, normalised

THRESHOLD, SUPPRESSION, MATCH = 0.5, 0.4, 0.5
SMALLEST, SEEN = 12, 0.6  # faces that have to be found: height in pixels of the input, share seen
SMALL_GROUP = 30          # fewer faces are not judged as a group


def loaded(net, path):
    net.load_state_dict(torch.load(path))
    return ready(net)


def overlaps(box, boxes):
    low = numpy.maximum(box[:2], boxes[:, :2])
    high = numpy.minimum(box[2:], boxes[:, 2:])
    shared = (high - low).clip(0).prod(1)
    return shared / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - shared)


def suppressed(boxes, scores):
    kept = []
    for index in numpy.argsort(-scores):
        if not kept or overlaps(boxes[index], boxes[kept]).max() <= SUPPRESSION:
            kept.append(index)
    return boxes[kept]


def detections(net, pixels):
    """Of each frame, the corners of what was found, in pixels."""
    found = []
    for frame in pixels:
        with torch.no_grad():
            boxes, scores = net(normalised(frame[None]))
        likely = scores[0, :, 1] >= THRESHOLD
        boxes = boxes[0][likely].numpy() * numpy.float32([WIDTH, HEIGHT, WIDTH, HEIGHT])
        found.append(suppressed(boxes, scores[0, :, 1][likely].numpy()))
    return found


def groups_of(face, height):
    size = "<18" if height < 18 else "18-30" if height < 30 else "30-60" if height < 60 else ">=60"
    return ["all", "tone " + face["skin_tone"], "light " + face["lighting"], "size " + size]


def judge_detector(net, prefix):
    """A false alarm overlaps no face at all that counts or does not count."""
    frames = Pictures(prefix, WIDTH, HEIGHT)
    found = detections(net, frames.pixels)
    hits, totals, boxes_right, alarms = collections.Counter(), collections.Counter(), 0, 0
    of_picture = collections.defaultdict(list)
    for face in frames.faces:
        of_picture[int(face["picture"])].append(face)
    for picture, boxes in enumerate(found):
        taken = set()
        faces = sorted(of_picture[picture], key=lambda face: -float(face["visible"]))
        for face in faces:
            x, y, width, height = (float(face[key]) for key in ("x", "y", "width", "height"))
            counts = height >= SMALLEST and float(face["visible"]) >= SEEN
            free = [index for index in range(len(boxes)) if index not in taken]
            box = numpy.float32([x, y, x + width, y + height])
            match = overlaps(box, boxes[free]) if free and width > 0 and height > 0 else []
            hit = len(match) > 0 and match.max() >= MATCH
            if hit:
                taken.add(free[int(match.argmax())])
            boxes_right += bool(hit and counts)
            for group in groups_of(face, height) if counts else []:
                totals[group] += 1
                hits[group] += hit
        for index in set(range(len(boxes))) - taken:
            # Over a face that need not be found a box is no alarm.
            ignored = [face for face in faces
                       if float(face["visible"]) < SEEN or float(face["height"]) < SMALLEST]
            near = any(overlaps(numpy.float32(
                [float(face["x"]), float(face["y"]),
                 float(face["x"]) + max(float(face["width"]), 1),
                 float(face["y"]) + max(float(face["height"]), 1)]),
                boxes[index:index + 1])[0] > 0.1 for face in ignored)
            alarms += not near
    recalls = {group: hits[group] / totals[group] for group in totals
               if totals[group] >= SMALL_GROUP}
    print("recall:", *(f"{group} {recalls[group]:.4f} of {totals[group]}"
                       for group in sorted(recalls)), sep="\n  ")
    return {"recall": recalls["all"], "precision": boxes_right / max(boxes_right + alarms, 1),
            "frames": len(found)}, recalls


def judge_attributes(net, prefix):
    crops = Pictures(prefix, CROP, CROP)
    with torch.no_grad():
        parts = [net(normalised(some)) for some in crops.pixels.split(256)]
    age, gender, mood = (torch.cat(part) for part in zip(*parts))
    right = {"gender": (gender.argmax(1) == crops.labels("gender", GENDERS)).numpy(),
             "mood": (mood.argmax(1) == crops.labels("mood", MOODS)).numpy(),
             "age_error": numpy.abs(age.numpy()[:, 0] * 100 - crops.numbers("age")[:, 0])}
    members = collections.defaultdict(list)
    for index, face in enumerate(crops.faces):
        for group in groups_of(face, float(face["height"])):
            members[group].append(index)
    figures = {group: {name: float(values[of].mean()) for name, values in right.items()}
               for group, of in members.items() if len(of) >= SMALL_GROUP}
    print("attributes:", *(f"{group} of {len(members[group])}: " + ", ".join(
        f"{name} {value:.4f}" for name, value in figures[group].items())
        for group in sorted(figures)), sep="\n  ")
    confusion = torch.zeros(len(MOODS), len(MOODS), dtype=torch.long)
    for truth, said in zip(crops.labels("mood", MOODS), mood.argmax(1)):
        confusion[truth, said] += 1
    print("moods (rows: truth):", *(f"{name:9} {row.tolist()}" for name, row in
                                    zip(MOODS, confusion)), sep="\n  ")
    return {**figures["all"], "faces": len(crops.faces)}, figures


def main():
    torch.set_num_threads(1)
    found, recalls = judge_detector(loaded(Detector(), sys.argv[1]), sys.argv[2])
    known, figures = judge_attributes(loaded(Attributes(), sys.argv[3]), sys.argv[4])
    gaps = [recalls["all"] - value for value in recalls.values()]
    gaps += [figures["all"][name] - group[name] for group in figures.values()
             for name in ("gender", "mood")]
    print(json.dumps({**{key: round(value, 4) for key, value in {**found, **known}.items()},
                      "worst_group_gap": round(max(gaps), 4)}))


if __name__ == "__main__":
    main()
