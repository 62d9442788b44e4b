"""How the reference implementation is asked: logits under an explicit mask, and the loss. Used by the golden files and
by scripts/check/transformers_parity.py. Made with torch 2.15.0 and transformers 5.23.0.
"""
import torch


def document_layout(documents, length):
    """Positions [batch, length] that restart at each document, and the number of the document each token is in."""
    positions = torch.zeros(len(documents), length, dtype=torch.long)
    owner = torch.zeros(len(documents), length, dtype=torch.long)
    for row, starts in enumerate(documents):
        for number, (start, end) in enumerate(zip(starts, starts[1:] + [length])):
            positions[row, start:end] = torch.arange(end - start)
            owner[row, start:end] = number
    return positions, owner


def document_by_document(model, tokens, documents, padding=0):
    """Logits [batch, length, vocabulary] of documents that are computed each alone, behind so many masked tokens."""
    rows = []
    for row, starts in enumerate(documents):
        parts = []
        for start, end in zip(starts, starts[1:] + [tokens.shape[1]]):
            steps = torch.arange(start - padding, end)[None]
            parts.append(model(
                input_ids=torch.where(steps < start, 0, tokens[row][steps]), attention_mask=(steps >= start).long(),
                position_ids=(steps - start).clamp(min=0), use_cache=False).logits[:, padding:])
        rows.append(torch.cat(parts, 1))
    return torch.cat(rows)


def additive(visible):
    """The mask [batch, 1, queries, keys] that is added to scores."""
    return torch.zeros(visible.shape).masked_fill(~visible, torch.finfo(torch.float32).min)[:, None]


def logits_of(model, tokens, documents=None, window=None):
    """Logits [batch, length, vocabulary] of tokens [batch, length], with an explicit additive mask."""
    if model.config.model_type in ("falcon_h1", "zamba2"):  # no mask keeps a document from a state
        return document_by_document(model, tokens, documents or [[0]] * tokens.shape[0])
    steps = torch.arange(tokens.shape[1])
    visible = (steps[None, :] <= steps[:, None]).expand(tokens.shape[0], -1, -1)
    positions = steps.expand(tokens.shape[0], -1)
    if documents is not None:
        positions, owner = document_layout(documents, tokens.shape[1])
        visible = visible & (owner[:, :, None] == owner[:, None, :])
    if window is not None:
        visible = visible & (steps[:, None] - steps[None, :] < window)
    mask = additive(visible)
    if "linear_attention" in (getattr(model.config, "layer_types", None) or []):  # recurrences have no mask
        mask = {"full_attention": mask, "linear_attention": None}
    if model.config.model_type in ("gemma2", "gemma3_text", "gpt_oss"):  # a mask for each kind of layer
        near = visible & (steps[:, None] - steps[None, :] < model.config.sliding_window)
        mask = {"full_attention": mask, "sliding_attention": additive(near)}
    if model.config.model_type == "llama4_text":
        chunk = positions // model.config.attention_chunk_size
        mask = {"full_attention": mask, "chunked_attention": additive(visible & (chunk[:, :, None] == chunk[:, None, :]))}
    return model(input_ids=tokens, attention_mask=mask, position_ids=positions, use_cache=False).logits


def loss_of(logits, targets, weights, z_loss=None):
    """The weighted mean of -logprob, plus z_loss times that of logsumexp^2; with logprobs and logsumexp per target."""
    logsumexp = torch.logsumexp(logits, -1)
    logprobs = logits.gather(-1, targets[..., None])[..., 0] - logsumexp
    loss = (weights * -logprobs).sum() / weights.sum()
    if z_loss:
        loss = loss + z_loss * (weights * logsumexp.square()).sum() / weights.sum()
    return loss, logprobs, logsumexp
