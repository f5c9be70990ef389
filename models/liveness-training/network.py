"""The student: plain 3x3 convolutions, the fastest there are on one core, and five numbers for a crop.

Input N x 3 x 96 x 96, RGB, byte / 255. Output N x 6: three logits (live, print, screen or mask) and what three public
teachers would say, as log odds / 5. The score of a crop is a fixed mixture of both (`export.py`).
"""

import torch
import torch.nn.functional as F
from torch import nn

WIDTHS = (16, 32, 64, 96)
BLOCKS = (0, 1, 1, 1)
TEACHER_SCALE = 5.0


class ConvBn(nn.Sequential):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.second = ConvBn(channels, channels), ConvBn(channels, channels)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))


def normalised(x):
    """Each crop by its own mean and spread, all colours together: how bright the door is says nothing. The spread is found by
    multiplications and a root only; the constant keeps the noise of a black picture small."""
    x = x - x.mean((1, 2, 3), keepdim=True)
    return x / ((x * x).mean((1, 2, 3), keepdim=True) + 1e-4).sqrt()


def mixed_style(x, share=0.3):
    """MixStyle (Zhou 2021): the means and spreads of early channels are the camera's and the office's handwriting, so they are
    swapped in part between the crops of a batch."""
    if torch.rand(()) > share:
        return x
    mean = x.mean((2, 3), keepdim=True).detach()
    spread = (x.var((2, 3), keepdim=True) + 1e-5).sqrt().detach()
    order = torch.randperm(len(x))
    weight = torch.distributions.Beta(0.3, 0.3).sample((len(x), 1, 1, 1))
    return (x - mean) / spread * (weight * spread + (1 - weight) * spread[order]) + weight * mean + (1 - weight) * mean[order]


class Liveness(nn.Module):
    def __init__(self, widths=WIDTHS, blocks=BLOCKS):
        super().__init__()
        stages, inputs = [], 3
        for width, count in zip(widths, blocks):
            stages.append(nn.Sequential(ConvBn(inputs, width, 2), nn.ReLU(), *(Residual(width) for _ in range(count))))
            inputs = width
        self.stages = nn.ModuleList(stages)
        self.drop = nn.Dropout(0.4)
        self.classes = nn.Linear(2 * inputs, 3)
        self.teachers = nn.Linear(2 * inputs, 3)

    def forward(self, x):
        x = normalised(x)
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if self.training and i < 2:
                x = mixed_style(x)
        # The mean says what the crop is made of, the maximum whether there is a single telling place.
        x = self.drop(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))
        return torch.cat([self.classes(x), self.teachers(x)], 1)


def log_odds(outputs):
    """Live against both kinds of attack."""
    return outputs[:, 0] - torch.logsumexp(outputs[:, 1:3], 1)


def looked(model, looks):
    """What is judged, of N x 2 x 3 x 96 x 96: for each look log odds of the classes and the three teachers' (as the student thinks), N x 2 x 4.
    The mirror image of the wide look is looked at, too; that of the tight one changed nothing and its time goes to the imitator."""
    outputs = model(torch.cat([looks[:, 0], looks[:, 1], looks[:, 1].flip(3)]))
    values = torch.cat([log_odds(outputs).unsqueeze(1), outputs[:, 3:] * TEACHER_SCALE], 1)
    tight, wide, mirrored = values.reshape(3, -1, 4)
    return torch.stack([tight, (wide + mirrored) / 2], 1)
