"""Quantisers to GGUF's weight formats, in torch so that the same code serves training and conversion.

A quantiser takes rows of f32 weights and finds codes; `pack` lays codes out as ggml-common.h does and
`fake` returns the values a reader of the file will see. K-quants search each sub-block's scale by least squares.
"""

import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from gguf.quants import dequantize, quantize

SUPER = 256
STEPS = 10  # candidates on either side of the plain scale


def _f16(x: torch.Tensor) -> torch.Tensor:
    """The value a file's f16 field will give back."""
    return x.half().float()


def _inverse(x: torch.Tensor) -> torch.Tensor:
    """1/x, and 0 where x is 0: an all-zero block gets codes of 0."""
    return torch.where(x == 0, torch.zeros_like(x), 1.0 / x)


def _affine_scales(x: torch.Tensor, top: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and offset (`x ~ scale*q - offset`, both >= 0) of sub-blocks [..., 32] with codes 0..top."""
    low = x.amin(-1, keepdim=True).clamp(max=0)
    high = x.amax(-1, keepdim=True)
    span = (high - low).clamp(min=1e-12)
    weight = x.abs() + x.square().mean(-1, keepdim=True).sqrt()
    sum_w = weight.sum(-1, keepdim=True)
    sum_x = (weight * x).sum(-1, keepdim=True)
    best = torch.full_like(low, torch.inf)
    scale, offset = span / top, -low
    for step in range(-STEPS, STEPS + 1):
        q = ((x - low) * ((top + 0.1 * step) / span)).round().clamp(0, top)
        wq = weight * q
        sum_q, sum_qq, sum_xq = (v.sum(-1, keepdim=True) for v in (wq, wq * q, wq * x))
        det = sum_w * sum_qq - sum_q * sum_q
        s = (sum_w * sum_xq - sum_x * sum_q) * _inverse(det)
        o = (sum_q * sum_xq - sum_qq * sum_x) * _inverse(det)
        # An offset has no sign in the file: where the fit wants one, refit through the origin.
        s = torch.where(o < 0, sum_xq * _inverse(sum_qq), s).clamp(min=0)
        o = o.clamp(min=0)
        error = (weight * (s * q - o - x).square()).sum(-1, keepdim=True)
        better = (error < best) & (s > 0)
        best = torch.where(better, error, best)
        scale, offset = torch.where(better, s, scale), torch.where(better, o, offset)
    return scale, offset


def affine_codes(x: torch.Tensor, bits: int) -> dict[str, torch.Tensor]:
    """Codes of Q4_K (`bits` 4) or Q5_K (5) for super-blocks [n, 256]."""
    top = 2**bits - 1
    x = x.reshape(-1, 8, 32)
    scale, offset = _affine_scales(x, top)
    d = _f16(scale.amax(1, keepdim=True) / 63)
    dmin = _f16(offset.amax(1, keepdim=True) / 63)
    ls = (scale * _inverse(d)).round().clamp(0, 63)
    lm = (offset * _inverse(dmin)).round().clamp(0, 63)
    q = ((x + dmin * lm) * _inverse(d * ls)).round().clamp(0, top)
    return {"d": d, "dmin": dmin, "ls": ls, "lm": lm, "q": q}


def q6_codes(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Codes of Q6_K for super-blocks [n, 256]: 16 sub-blocks of 16, codes -32..31."""
    x = x.reshape(-1, 16, 16)
    peak = x.gather(-1, x.abs().argmax(-1, keepdim=True))
    best = torch.full_like(peak, torch.inf)
    scale = -peak / 32
    for step in range(-STEPS, STEPS + 1):
        q = (x * _inverse(-peak / (32 + 0.1 * step))).round().clamp(-32, 31)
        s = (x * q).sum(-1, keepdim=True) * _inverse(q.square().sum(-1, keepdim=True))
        error = (s * q - x).square().sum(-1, keepdim=True)
        better = error < best
        best, scale = torch.where(better, error, best), torch.where(better, s, scale)
    widest = scale.gather(1, scale.abs().argmax(1, keepdim=True))
    d = _f16(-widest / 128)
    ls = (scale * _inverse(d)).round().clamp(-128, 127)
    q = (x * _inverse(d * ls)).round().clamp(-32, 31)
    return {"d": d, "ls": ls, "q": q}


def fake(x: torch.Tensor, kind: Q) -> torch.Tensor:
    """The weights `x` as a reader of a file in format `kind` sees them, on `x`'s device."""
    shape = x.shape
    x = x.float()
    if kind == Q.F32:
        return x
    if kind == Q.F16:
        return _f16(x)
    if kind == Q.BF16:
        return x.bfloat16().float()
    if kind == Q.Q8_0:
        x = x.reshape(-1, 32)
        d = x.abs().amax(-1, keepdim=True) / 127
        return (_f16(d) * (x * _inverse(d)).round()).reshape(shape)
    if kind == Q.Q6_K:
        c = q6_codes(x)
        return (c["d"] * c["ls"] * c["q"]).reshape(shape)
    if kind in (Q.Q4_K, Q.Q5_K):
        c = affine_codes(x, 4 if kind == Q.Q4_K else 5)
        return (c["d"] * c["ls"] * c["q"] - c["dmin"] * c["lm"]).reshape(shape)
    raw = quantize(x.cpu().numpy(), kind)
    return torch.from_numpy(dequantize(raw, kind)).to(x).reshape(shape)


def _half_bytes(x: torch.Tensor) -> np.ndarray:
    return x.reshape(-1, 1).numpy().astype("<f2").view(np.uint8)


def _pack_scales(ls: np.ndarray, lm: np.ndarray) -> np.ndarray:
    """Eight pairs of 6-bit numbers in 12 bytes: the high bits of pairs 4..7 ride on pairs 0..3."""
    low = ls[:, :4] | (ls[:, 4:] >> 4) << 6
    mid = lm[:, :4] | (lm[:, 4:] >> 4) << 6
    high = (ls[:, 4:] & 15) | (lm[:, 4:] & 15) << 4
    return np.concatenate([low, mid, high], axis=1)


def _pack_affine(x: torch.Tensor, bits: int) -> np.ndarray:
    c = affine_codes(x, bits)
    ls, lm = (c[k].reshape(-1, 8).numpy().astype(np.uint8) for k in ("ls", "lm"))
    q = c["q"].numpy().astype(np.uint8).reshape(-1, 4, 2, 32)
    parts = [_half_bytes(c["d"]), _half_bytes(c["dmin"]), _pack_scales(ls, lm)]
    if bits == 5:
        bit = np.arange(8, dtype=np.uint8).reshape(1, 8, 1)
        parts.append(np.bitwise_or.reduce((q.reshape(-1, 8, 32) >> 4) << bit, axis=1))
    parts.append(((q[:, :, 0] & 15) | (q[:, :, 1] & 15) << 4).reshape(-1, 128))
    return np.concatenate(parts, axis=1)


def _pack_q6(x: torch.Tensor) -> np.ndarray:
    c = q6_codes(x)
    q = (c["q"] + 32).numpy().astype(np.uint8).reshape(-1, 2, 4, 32)
    low = (q[:, :, :2] & 15) | (q[:, :, 2:] & 15) << 4
    shift = np.arange(0, 8, 2, dtype=np.uint8).reshape(1, 1, 4, 1)
    high = np.bitwise_or.reduce((q >> 4) << shift, axis=2)
    scales = c["ls"].reshape(-1, 16).numpy().astype(np.int8).view(np.uint8)
    return np.concatenate([low.reshape(-1, 128), high.reshape(-1, 64), scales, _half_bytes(c["d"])], axis=1)


def pack(x: torch.Tensor, kind: Q) -> np.ndarray:
    """`x` [rows, columns] as the bytes [rows, bytes] of a GGUF tensor; columns fill whole blocks."""
    rows = x.shape[0]
    x = x.detach().float().cpu()
    if kind in (Q.F32, Q.F16, Q.BF16, Q.Q4_0, Q.Q5_0, Q.Q8_0):
        return quantize(x.numpy(), kind).view(np.uint8).reshape(rows, -1)
    if x.shape[-1] % SUPER:
        raise ValueError(f"{kind.name} needs rows of a multiple of {SUPER} weights, not {x.shape[-1]}")
    blocks = x.reshape(-1, SUPER)
    packed = _pack_q6(blocks) if kind == Q.Q6_K else _pack_affine(blocks, 4 if kind == Q.Q4_K else 5)
    return packed.reshape(rows, -1)
