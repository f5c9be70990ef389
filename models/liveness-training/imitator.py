"""The student that imitates MiniFASNetV2: plain 3x3 convolutions with residuals on the teacher's own 80 x 80 pixels.

Input N x 3 x 80 x 80, RGB, 0 to 255: absolute, since the teacher looks at colour and brightness as they are. Three parts end where the teacher's
stages 3, 4 and 5 end (20 x 20 x 64, 10 x 10 x 128, 5 x 5 x 128, each channel by its own mean and spread), so that each can be taught alone
from what the teacher has before it: what a small place looks like is the same in every source, a whole picture is not.
"""

import torch
import torch.nn.functional as F
from torch import nn

from network import ConvBn, Residual

SIZE = 80
# Of the gate's 96 pixels the middle as it is, or all of it shrunk by area averaging (`views.finest` asks about both). Shrinking takes some of the
# texture that the teacher looks at; both crops together would cost 1.3 ms more than there is room for.
MARGIN = 8
BOTH_CROPS = ("middle", "shrunk")
CROPS = ("middle",)


class Part(nn.Sequential):
    """Half the size, residuals, and a projection to the teacher's channels."""

    def __init__(self, inputs, width, blocks, outputs, stem=()):
        super().__init__(*stem, ConvBn(inputs, width, 2), nn.ReLU(), *(Residual(width) for _ in range(blocks)), nn.Conv2d(width, outputs, 1))


class Imitator(nn.Module):
    def __init__(self, widths=(32, 48, 96, 128), blocks=(1, 2, 1), wide=192):
        super().__init__()
        self.three = Part(widths[0], widths[1], blocks[0], 64, (ConvBn(3, widths[0], 2), nn.ReLU()))
        self.four = Part(64, widths[2], blocks[1], 128)
        self.five = Part(128, widths[3], blocks[2], 128)
        self.widen = nn.Sequential(nn.Conv2d(128, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU())
        # Like the teacher one weight for each place and channel: where in the square something is matters to it.
        self.places = nn.Parameter(torch.randn(wide, 5, 5) * 0.2)
        self.settled = nn.BatchNorm1d(wide)
        self.narrow = nn.Sequential(nn.Linear(wide, 128, bias=False), nn.BatchNorm1d(128))
        self.last = nn.Linear(128, 3)

    def head(self, five):
        embedding = self.narrow(self.settled((self.widen(five) * self.places).sum((2, 3))))
        return self.last(embedding), embedding

    def forward(self, x):
        return self.head(self.five(self.four(self.three((x - 127.5) * (1 / 64)))))[0]

    def behind(self, three, four):
        """Logits, embedding and maps of parts five and four, each starting from the map before it that is given."""
        own5 = self.five(four)
        return (*self.head(own5), own5, self.four(three))

    def joined(self, x):
        """The same as the student will run, but no part learns through another: with the gradient of the whole picture the maps became
        what a source looks like, and nothing carried over."""
        own3 = self.three((x - 127.5) * (1 / 64))
        own4 = self.four(own3.detach())
        own5 = self.five(own4.detach())
        return (*self.head(own5), own5, own4, own3)

    def odds(self, x):
        logits = self(x)
        return logits[:, 1] - torch.logsumexp(logits[:, ::2], 1)


def shrinking(size=96, to=SIZE):
    """Area averaging as a matrix, `to` x `size`."""
    edges = torch.linspace(0, size, to + 1, dtype=torch.float64)
    low, high = edges[:-1, None], edges[1:, None]
    cell = torch.arange(size, dtype=torch.float64)[None]
    overlap = (torch.minimum(high, cell + 1) - torch.maximum(low, cell)).clamp(min=0)
    return (overlap / (size / to)).float()


def shown(look, crops=CROPS):
    """N x 3 x 96 x 96 to crops of 80, first all of the first kind."""
    parts = []
    for crop in crops:
        matrix = shrinking().to(look)
        parts.append(look[:, :, MARGIN : MARGIN + SIZE, MARGIN : MARGIN + SIZE] if crop == "middle" else matrix @ look @ matrix.T)
    return torch.cat(parts)


def judged(model, look, crops=CROPS, cap=10.0):
    """Log odds of each crop within +-cap: beyond that the teacher is no surer. N x crops."""
    return model.odds(shown(look, crops)).clamp(-cap, cap).reshape(len(crops), -1).T
