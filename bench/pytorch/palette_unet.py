"""The ADM U-Net as Palette configures it: the PyTorch twin of src/nn/unet.ts.

Residual blocks with scale-shift group norm from the noise level (Dhariwal & Nichol 2021), attention by the
side of the feature map, source concatenated with y_t on channels (Saharia et al. 2022), optional
space-to-depth stem. Written for the benchmark, so each step takes the cheapest form eager PyTorch offers.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

GROUPS = 32


def silu(x):
    """SiLU; in place when no gradient is recorded, which saves one allocation and one pass of memory."""
    return F.silu(x, inplace=not torch.is_grad_enabled())


def zeroed(layer):
    """Zero-initialises the layer, so that every residual branch starts as the identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def sinusoid(level, size):
    """level [N] -> [N, size]: half cosines, half sines, of frequencies 1 down to 1/10000."""
    half = size // 2
    frequencies = torch.exp(torch.arange(half, dtype=torch.float32) * (-math.log(10000.0) / half))
    angles = level[:, None] * frequencies[None, :]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)


class ResBlock(nn.Module):
    """GN, SiLU, (resample), conv, GN scaled and shifted by the noise level, SiLU, zero-init conv, plus skip."""

    def __init__(self, inputs, outputs, embedding, dropout=0.0, resample=None):
        super().__init__()
        self.resample = resample  # None, "down" (average over 2x2) or "up" (nearest)
        self.dropout = dropout
        self.norm1 = nn.GroupNorm(GROUPS, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.embed = nn.Linear(embedding, 2 * outputs)
        self.norm2 = nn.GroupNorm(GROUPS, outputs)
        self.conv2 = zeroed(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def resized(self, x):
        if self.resample == "down":
            return F.avg_pool2d(x, 2)
        if self.resample == "up":
            return F.interpolate(x, scale_factor=2, mode="nearest")
        return x

    def forward(self, x, activated_embedding):
        h = self.conv1(self.resized(silu(self.norm1(x))))
        scale, shift = self.embed(activated_embedding)[:, :, None, None].chunk(2, dim=1)
        h = silu(torch.addcmul(shift, self.norm2(h), 1 + scale))
        if self.dropout > 0:
            h = F.dropout(h, self.dropout, self.training)
        return self.skip(self.resized(x)) + self.conv2(h)


class Attention(nn.Module):
    """Global multi-head self-attention over the pixels; each head's q, k and v are neighbours in qkv's channels."""

    def __init__(self, channels, head_channels):
        super().__init__()
        if channels % head_channels:
            raise ValueError(f"{channels} channels cannot be split into heads of {head_channels}")
        self.head_channels = head_channels
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        n, channels, height, width = x.shape
        d, pixels = self.head_channels, height * width
        heads = n * channels // d
        qkv = self.qkv(self.norm(x)).reshape(heads, 3 * d, pixels)
        q, k, v = qkv.split(d, dim=1)
        scores = torch.bmm((q * d**-0.5).transpose(1, 2), k)
        mixed = torch.bmm(v, torch.softmax(scores, dim=2).transpose(1, 2))
        return x + self.out(mixed.reshape(n, channels, height, width))


class Upsample(nn.Module):
    """Nearest x2, then a 3x3 convolution (resampling "conv")."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Stage(nn.ModuleList):
    """Layers run in order; residual blocks are also told the noise level."""

    def forward(self, x, activated_embedding):
        for layer in self:
            x = layer(x, activated_embedding) if isinstance(layer, ResBlock) else layer(x)
        return x


class PaletteUNet(nn.Module):
    """f(source, noisy, level): [N,3,R,R], [N,3,R,R], [N] -> [N,3,R,R].

    attention lists sides of the feature map on the grid after the stem: resolution 64 with stem 2 is a grid
    of 32, so multipliers 1,2,4 have sides 32, 16 and 8. The middle always attends.
    """

    def __init__(self, base, multipliers, blocks, attention, headChannels, resampling, resolution, stem=1, dropout=0.0):
        super().__init__()
        if resampling not in ("block", "conv"):
            raise ValueError(f'resampling must be "block" or "conv", not "{resampling}"')
        if stem not in (1, 2, 4):
            raise ValueError(f"stem must be 1, 2 or 4, not {stem}")
        self.base, self.stem = base, stem
        embedding = 4 * base
        self.embed = nn.Sequential(nn.Linear(base, embedding), nn.SiLU(), nn.Linear(embedding, embedding))

        def block(inputs, outputs, resample=None):
            return ResBlock(inputs, outputs, embedding, dropout, resample)

        def attending(side, channels):
            return [Attention(channels, headChannels)] if side in attention else []

        side, channels = resolution // stem, base * multipliers[0]
        skips = [channels]
        self.down = nn.ModuleList([Stage([nn.Conv2d(6 * stem**2, channels, 3, padding=1)])])
        for level, multiplier in enumerate(multipliers):
            for _ in range(blocks):
                self.down.append(Stage([block(channels, base * multiplier), *attending(side, base * multiplier)]))
                channels = base * multiplier
                skips.append(channels)
            if level < len(multipliers) - 1:
                down = (
                    block(channels, channels, "down")
                    if resampling == "block"
                    else nn.Conv2d(channels, channels, 3, stride=2, padding=1)
                )
                self.down.append(Stage([down]))
                skips.append(channels)
                side //= 2

        self.middle = Stage([block(channels, channels), Attention(channels, headChannels), block(channels, channels)])

        self.up = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for index in range(blocks + 1):
                layers = [block(channels + skips.pop(), base * multiplier), *attending(side, base * multiplier)]
                channels = base * multiplier
                if level > 0 and index == blocks:
                    layers.append(block(channels, channels, "up") if resampling == "block" else Upsample(channels))
                    side *= 2
                self.up.append(Stage(layers))
        self.out_norm = nn.GroupNorm(GROUPS, channels)
        self.out_conv = zeroed(nn.Conv2d(channels, 3 * stem**2, 3, padding=1))

    def forward(self, source, noisy, level):
        activated = F.silu(self.embed(sinusoid(level, self.base)))
        h = torch.cat([source, noisy], dim=1)
        if self.stem > 1:
            h = F.pixel_unshuffle(h, self.stem)
        skips = []
        for stage in self.down:
            h = stage(h, activated)
            skips.append(h)
        h = self.middle(h, activated)
        for stage in self.up:
            h = stage(torch.cat([h, skips.pop()], dim=1), activated)
        h = self.out_conv(silu(self.out_norm(h)))
        return F.pixel_shuffle(h, self.stem) if self.stem > 1 else h
