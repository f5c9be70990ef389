"""What a step sees: 24 faces, each in a tight and a wide look, with label, weight and what the teachers say.

A batch depends on seed and step only, so that a resumed run sees what an uninterrupted one would have seen.
"""

import numpy as np
import torch

import augment
from frames import KINDS
from network import TEACHER_SCALE

LIVE, ATTACK, CHIPS = 11, 9, 4
# Two crops in five get the first teacher's answer to the very crop; the others take the one about the whole frame.
ASKED = 10
SHUFFLED = (0.25, 0.08)
MIXED = 0.4


def shares(rows, chosen):
    """A source weighs as the fourth root of frames times people, a person in it as the square root of their frames: neither the
    largest set decides nor the clip of one person."""
    families, people = {}, {}
    for i in chosen:
        family, person = rows[i]["family"], (rows[i]["family"], rows[i]["person"])
        families[family] = families.get(family, 0) + 1
        people[person] = people.get(person, 0) + 1
    weights = np.array([people[rows[i]["family"], rows[i]["person"]] ** -0.5 for i in chosen])
    for family, count in families.items():
        mine = np.array([rows[i]["family"] == family for i in chosen])
        crowd = sum(name == family for name, _ in people)
        weights[mine] *= (count * crowd) ** 0.25 / weights[mine].sum()
    return np.cumsum(weights / weights.sum())


def mixed(x, classes, said, random):
    """Against faces learnt by heart: a part of the crops is blended with another one of the same kind of look, or gets a
    rectangle of it; labels in proportion. What the teachers would say of that is not known."""
    n = len(x)
    original = x.clone()
    answers = classes.clone()
    for k in range(n):
        if random.random() >= MIXED:
            continue
        # An even number of places away: tight with tight, wide with wide.
        other = (k + 2 * int(random.integers(1, n // 2))) % n
        if random.random() < 0.5:
            share = float(random.beta(0.5, 0.5))
            x[k] = share * original[k] + (1 - share) * original[other]
        else:
            w, h = (int(v) for v in random.integers(24, 84, 2))
            left, top = int(random.integers(0, 97 - w)), int(random.integers(0, 97 - h))
            x[k, :, top : top + h, left : left + w] = original[other, :, top : top + h, left : left + w]
            share = 1 - w * h / 96**2
        classes[k] = share * answers[k] + (1 - share) * answers[other]
        said[k] = float("nan")


class Batches:
    def __init__(self, frames, chips, chosen, seed, teacher=None):
        self.frames, self.chips, self.seed, self.teacher = frames, chips, seed, teacher
        rows = frames.rows
        self.live = [i for i in chosen if rows[i]["label"] == "live"]
        self.attack = [i for i in chosen if rows[i]["label"] != "live"]
        self.live_shares, self.attack_shares = shares(rows, self.live), shares(rows, self.attack)

    def drawn(self, members, cumulated, random):
        return members[min(int(np.searchsorted(cumulated, random.random())), len(members) - 1)]

    def said(self, row):
        """The teachers' log odds about the frame, or none."""
        return np.full(3, np.nan) if row["teachers"] is None else np.clip(row["teachers"], -10, 10)

    def of_frame(self, i, random):
        """Two looks of a frame: (crop, class, weight, teachers, teacher weight, ask) each."""
        row, pixels = self.frames.rows[i], self.frames.pixels(i)
        kind, said, face = KINDS[row["label"]], self.said(row), tuple(row["face"])
        living = kind == 0
        tight_scale, wide_scale = random.uniform(0.75, 1.5), random.uniform(1.7, 3.2)
        roomy = min(pixels.shape[:2]) >= 1.9 * face[2]
        what = random.random()
        wide_kind, wide_pixels, wide_face, weight, framed, copied = kind, pixels, face, 1.0, False, False
        if roomy and what < 0.16:
            other = (
                self.drawn(self.live, self.live_shares, random)
                if augment.chance(random, 0.5)
                else self.drawn(self.attack, self.attack_shares, random)
            )
            behind = self.frames.rows[other]
            wide_pixels, wide_face, rim_kind = augment.rim(pixels, face, random, (self.frames.pixels(other), behind["face"]))
            framed = True
            if living:
                wide_kind, weight = rim_kind, 0.7
        elif what < 0.26 and living:
            wide_pixels = augment.rectangles(pixels, face, random)
        copied = living and (framed or what > 0.82)
        tight = augment.halved(augment.cut(pixels, face, tight_scale, random))
        wide = augment.cut(wide_pixels, wide_face, wide_scale, random)
        asked = wide
        wide = augment.halved(wide)
        tight_kind, tight_weight = kind, 1.0
        if copied:
            tight, tight_kind = augment.recapture(tight, random)
            tight_weight = weight = 0.7
            if not framed:
                wide, wide_kind = augment.recapture(wide, random)
                asked = wide
        # What was made here is not what the teachers saw in the frame.
        own = copied or framed
        nothing = np.full(3, np.nan)
        return (
            (tight, tight_kind, tight_weight, nothing if copied else said, 0.25, None),
            (wide, wide_kind, weight, nothing if own else said, 1.0, asked),
        )

    def of_chip(self, random):
        i = int(random.integers(len(self.chips)))
        pixels, looks = self.chips.pixels(i), []
        copied = augment.chance(random, 0.5)
        for _ in range(2):
            crop, kind = augment.halved(augment.cut(pixels, self.chips.face, random.uniform(0.75, 1.27), random)), 0
            if copied:
                crop, kind = augment.recapture(crop, random)
            looks.append((crop, kind, 0.6, np.full(3, np.nan), 0.0, None))
        return looks

    def __call__(self, step):
        """Inputs N x 3 x 96 x 96, shares of the three classes, weights, teachers N x 3 (NaN where unknown), their weights. Looks 2 k and 2 k + 1 are one face."""
        import cv2

        random = np.random.default_rng([self.seed, step])
        looks = []
        for _ in range(LIVE):
            looks += self.of_frame(self.drawn(self.live, self.live_shares, random), random)
        for _ in range(ATTACK):
            looks += self.of_frame(self.drawn(self.attack, self.attack_shares, random), random)
        for _ in range(CHIPS):
            looks += self.of_chip(random)
        said = np.stack([look[3] for look in looks])
        if self.teacher:
            # First those about which the frame's scores say nothing, then others.
            may = sorted((k for k, look in enumerate(looks) if look[5] is not None), key=lambda k: (not np.isnan(said[k, 0]), random.random()))[
                :ASKED
            ]
            crops = np.stack([cv2.resize(looks[k][5], (augment.TEACHER, augment.TEACHER), interpolation=cv2.INTER_AREA) for k in may])
            said[may, 0] = np.clip(self.teacher(crops), -10, 10)
        crops = []
        for k, look in enumerate(looks):
            crop = augment.finished(look[0], random)
            if augment.chance(random, SHUFFLED[k % 2]):
                crop, said[k] = augment.shuffled(crop, random), np.nan
            crops.append(crop)
        x = torch.from_numpy(np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2))).float() / 255
        classes = torch.nn.functional.one_hot(torch.tensor([look[1] for look in looks]), 3).float()
        said = torch.from_numpy(said.astype(np.float32)) / TEACHER_SCALE
        mixed(x, classes, said, random)
        return x, classes, torch.tensor([look[2] for look in looks]), said, torch.tensor([look[4] for look in looks])
