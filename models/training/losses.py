"""Distillation, relations, ranking, people and triplets. All embeddings are unit vectors, rows of a batch."""

import math

import torch
import torch.nn.functional as F


def distillation(student, teacher):
    """1 - cosine, mean over the batch."""
    return (1 - (student * teacher).sum(1)).mean()


def relational(student, teacher):
    """Mean squared difference of the similarity matrices: who is near whom."""
    return F.mse_loss(student @ student.T, teacher @ teacher.T)


def banked(student, teacher, bank, temperature):
    """How the student ranks the teacher's embeddings of *all* chips against how the teacher ranks them: cross-entropy of the
    two soft-max distributions (SEED: Fang 2021). Chips of one person are near in the target too, so they are no negatives."""
    target = F.softmax(teacher @ bank.T / temperature, dim=1)
    return -(target * F.log_softmax(student @ bank.T / temperature, dim=1)).sum(1).mean()


def margin_softmax(student, labels, prototypes, confusable, kind, scale, margin):
    """Soft-max over the people, the own person's cosine made harder by `margin`: `cosface` subtracts it (Wang 2018), `arcface` adds
    it to the angle (Deng 2019). Chips without a person (label -1) do not count.

    prototypes: people x 128. confusable: people x people, True where two labels may be one person: such are no negatives.
    """
    rows = labels >= 0
    if not rows.any():
        return student.sum() * 0
    own = labels[rows]
    cosine = student[rows] @ F.normalize(prototypes, dim=1).T
    target = cosine.gather(1, own[:, None]).clamp(-0.999, 0.999)
    if kind == "arcface":
        # Beyond pi - margin the cosine would rise again: there it goes on in a straight line.
        angle = target.acos()
        harder = torch.where(angle < math.pi - margin, (angle + margin).cos(), target - margin * math.sin(margin))
    else:
        harder = target - margin
    logits = cosine.masked_fill(confusable[own], -torch.inf).scatter(1, own[:, None], harder)
    return F.cross_entropy(scale * logits, own)


def squared_distances(a, b):
    return (2 - 2 * a @ b.T).clamp_min(0)


def mine(student, teacher, labels, margin, same_below=0.9, other_above=1.4):
    """Triplets of the batch: anchor, positive, semi-hard negative.

    Two chips are one person where their label says so, or where the teacher sees them nearer than `same_below`; they are two
    people where their labels differ, or where the teacher sees them farther than `other_above`. In between nothing is known.
    Semi-hard: farther than the positive but within the margin; where there is none, the hardest of all (nearest negative).
    """
    with torch.no_grad():
        taught = squared_distances(teacher, teacher)
        known = (labels[:, None] >= 0) & (labels[None, :] >= 0)
        equal = labels[:, None] == labels[None, :]
        eye = torch.eye(len(labels), dtype=torch.bool)
        same = ((known & equal) | (~known & (taught < same_below))) & ~eye
        other = (known & ~equal & (taught > same_below)) | (~known & (taught > other_above))
        own = squared_distances(student, student)
        anchors, positives = same.nonzero(as_tuple=True)
        if len(anchors) == 0:
            return anchors, positives, anchors
        near = own[anchors, positives][:, None]
        candidates = own[anchors].masked_fill(~other[anchors], torch.inf)
        semi = candidates.masked_fill((candidates <= near) | (candidates >= near + margin), torch.inf)
        hardest = torch.where(semi.isfinite().any(1), semi.argmin(1), candidates.argmin(1))
        valid = other[anchors].any(1)
        return anchors[valid], positives[valid], hardest[valid]


def triplet(student, triplets, margin):
    """max(|a - p|^2 - |a - n|^2 + margin, 0), mean over the triplets (FaceNet, Schroff 2015)."""
    anchors, positives, negatives = triplets
    if len(anchors) == 0:
        return student.sum() * 0
    a, p, n = student[anchors], student[positives], student[negatives]
    return F.relu(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + margin).mean()
