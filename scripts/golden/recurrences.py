"""Mixers for which transformers has no module, written plainly from the recurrences of their papers, token by token.

Used by mixers.py. Names of parameters are those of Apus, which are flash-linear-attention's where it has the mixer.
"""
import torch
from torch import nn
from torch.nn import functional as F


class Recurrence(nn.Module):
    """S = decay * S + k v^T; o = scale * q^T S for every head; x [batch, tokens, hidden]."""

    def __init__(self, hidden, heads, dk, dv, linears, out="o_proj"):
        super().__init__()
        self.heads, self.dk, self.dv = heads, dk, dv
        for name, (rows, columns, bias) in linears.items():
            parent = self
            *path, last = name.split(".")
            for part in path:
                if not hasattr(parent, part):
                    parent.add_module(part, nn.Module())
                parent = getattr(parent, part)
            parent.add_module(last, nn.Linear(columns, rows, bias=bias))
        self.add_module(out, nn.Linear(heads * dv, hidden, bias=False))

    def split(self, x):
        return x.view(*x.shape[:2], self.heads, -1)

    def recur(self, q, k, v, decay, last=None):
        """q, k, decay [batch, tokens, heads, dk], v [.., dv]; with `last` a bonus [heads, dk] for the token's own key."""
        S = torch.zeros(q.shape[0], self.heads, q.shape[-1], v.shape[-1], dtype=decay.dtype)
        out = []
        for t in range(q.shape[1]):
            own = k[:, t, :, :, None] * v[:, t, :, None, :]
            if last is not None:
                out.append((q[:, t, :, :, None] * (S + last[None, :, :, None] * own)).sum(2))
            S = decay[:, t, :, :, None] * S + own
            if last is None:
                out.append((q[:, t, :, :, None] * S).sum(2))
        return torch.stack(out, 1)


def rms(x, weight, eps=1e-6):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


class Gated(Recurrence):
    """Retention with a gate (arXiv:2405.05254) or GLA (arXiv:2312.06635)."""

    def __init__(self, hidden, heads, dk, dv, rank=None, temperature=1.0, fixed=False):
        keys, values = heads * dk, heads * dv
        linears = {"q_proj": (keys, hidden, False), "k_proj": (keys, hidden, False),
                   "v_proj": (values, hidden, False), "g_proj": (values, hidden, False)}
        if rank:
            linears["gk_proj.0"] = (rank, hidden, False)
            linears["gk_proj.1"] = (keys, rank, True)
        elif not fixed:
            linears["gt_proj"] = (heads, hidden, False)
        super().__init__(hidden, heads, dk, dv, linears)
        self.rank, self.temperature, self.fixed = rank, temperature, fixed
        self.g_norm_swish_gate = nn.Module()
        self.g_norm_swish_gate.weight = nn.Parameter(torch.ones(dv))

    def forward(self, x):
        q, k, v = (self.split(f(x)) for f in (self.q_proj, self.k_proj, self.v_proj))
        if self.rank:
            gate = getattr(self.gk_proj, "1")(getattr(self.gk_proj, "0")(x))
            decay = self.split(torch.sigmoid(gate) ** (1 / self.temperature))
        elif self.fixed:
            decay = (1 - 2.0 ** (-5 - torch.arange(self.heads)))[None, None, :, None].expand_as(q)
        else:
            decay = (torch.sigmoid(self.gt_proj(x)) ** (1 / self.temperature))[..., None].expand_as(q)
        o = rms(self.recur(q, k, v, decay) / self.dk ** 0.5, self.g_norm_swish_gate.weight)
        return self.o_proj(o.flatten(2) * F.silu(self.g_proj(x)))


class GateLoop(Recurrence):
    """arXiv:2311.01927, with complex numbers."""

    def __init__(self, hidden, heads, dk, dv):
        keys, values = heads * dk, heads * dv
        super().__init__(hidden, heads, dk, dv, {
            "q_proj": (keys, hidden, False), "k_proj": (keys, hidden, False), "v_proj": (values, hidden, False),
            "a_proj": (keys, hidden, False), "theta_proj": (keys, hidden, False), "g_proj": (values, hidden, False)})
        self.norm = nn.Module()
        self.norm.weight = nn.Parameter(torch.ones(dv))

    def forward(self, x):
        q, k, v, a, theta = (self.split(f(x)) for f in (
            self.q_proj, self.k_proj, self.v_proj, self.a_proj, self.theta_proj))
        decay = torch.polar(torch.sigmoid(a), theta)
        o = self.recur(q, k, v, decay).real / self.dk ** 0.5
        return self.o_proj(rms(o, self.norm.weight).flatten(2) * F.silu(self.g_proj(x)))


class HGRN2(Recurrence):
    """arXiv:2404.07904; the bound's complement is the sigmoid of gate_range."""

    def __init__(self, hidden, heads, dk, dv):
        keys, values = heads * dk, heads * dv
        super().__init__(hidden, heads, dk, dv, {
            "q_proj": (keys, hidden, False), "f_proj": (keys, hidden, False), "i_proj": (values, hidden, False)})
        self.gate_range = nn.Parameter(torch.zeros(keys))
        self.g_norm = nn.Module()
        self.g_norm.weight = nn.Parameter(torch.ones(values))

    def forward(self, x):
        bound = 1 - torch.sigmoid(self.gate_range)
        decay = bound + (1 - bound) * torch.sigmoid(self.f_proj(x))
        q, decay, v = self.split(F.silu(self.q_proj(x))), self.split(decay), self.split(self.i_proj(x))
        o = self.recur(q, 1 - decay, v, decay) / self.dk ** 0.5
        return self.o_proj(rms(o.flatten(2), self.g_norm.weight))


class RWKV6(Recurrence):
    """The time mixing of arXiv:2404.05892."""

    def __init__(self, hidden, heads, dk, dv, mix_rank, decay_rank):
        keys, values = heads * dk, heads * dv
        linears = {"x_proj.0.linear": (5 * mix_rank, hidden, False)}
        linears |= {f"x_proj.2.{name}": (hidden, mix_rank, False) for name in "rwkvg"}
        linears |= {"r_proj": (keys, hidden, False), "w_proj.lora.0": (decay_rank, hidden, False),
                    "w_proj.lora.2": (keys, decay_rank, True), "k_proj": (keys, hidden, False),
                    "v_proj": (values, hidden, False), "g_proj": (values, hidden, False)}
        super().__init__(hidden, heads, dk, dv, linears)
        getattr(self.x_proj, "0").mu = nn.Parameter(torch.zeros(hidden))
        self.x_bias = nn.Parameter(torch.zeros(5 * hidden))
        self.bonus = nn.Parameter(torch.zeros(keys))
        self.g_norm = nn.Module()
        self.g_norm.weight = nn.Parameter(torch.ones(values))
        self.g_norm.bias = nn.Parameter(torch.zeros(values))

    def forward(self, x):
        before = F.pad(x, (0, 0, 1, -1)) - x
        first = getattr(self.x_proj, "0")
        narrow = torch.tanh(first.linear(x + before * first.mu)).chunk(5, -1)
        wide = [getattr(getattr(self.x_proj, "2"), name)(part) for name, part in zip("rwkvg", narrow)]
        xr, xw, xk, xv, xg = (x + before * (m + b) for m, b in zip(wide, self.x_bias.chunk(5)))
        lora = self.w_proj.lora
        decay = torch.exp(-torch.exp(getattr(lora, "2")(torch.tanh(getattr(lora, "0")(xw)))))
        r, k, v, decay = (self.split(y) for y in (self.r_proj(xr), self.k_proj(xk), self.v_proj(xv), decay))
        o = self.recur(r, k, v, decay, last=self.bonus.view(self.heads, -1)).flatten(2)
        o = F.group_norm(o.flatten(0, 1), self.heads, self.g_norm.weight, self.g_norm.bias, 1e-6 * self.dv)
        return self.o_proj(o.view(*x.shape[:2], -1) * F.silu(self.g_proj(xg)))
