"""A classifier or tagger from `rnn export` in Python: python run_onnx.py pos.onnx "Marie Curie worked in Paris."

Needs onnxruntime and numpy, and english_tokens.py and subwords.py beside it.
"""
import json
import sys

import english_tokens
import subwords


def split(text, config):
    """The tokens of a text with start and end in code points, as the model was trained."""
    if config["tokenizer"] == "subwords" and config["task"] == "classifier":
        return [(text, 0, len(text))] if text else []  # all at once: its tokens may hold parts of characters
    if config["tokenizer"] in ("english", "subwords"):
        return english_tokens.tokens(text)
    if config["tokenizer"] == "characters":
        return [(c, at, at + 1) for at, c in enumerate(text)]
    found, start = [], None
    for at, c in enumerate(text + " "):
        if not english_tokens.is_space(c):
            start = at if start is None else start
        elif start is not None:
            found.append((text[start:at], start, at))
            start = None
    return found


def lower(word):
    """Lower case a character at a time, as the model's vocabulary was made."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in word)


def inputs(words, config, vocab):
    """What the graph takes for one text, as lists: batch 1. Looks words up in lower case where the model does, and spells them as written."""
    looked_up = [lower(word) if config.get("lower_case") else word for word in words]
    if config["tokenizer"] == "subwords" and config["task"] == "tagger":
        found, ends = subwords.encode_words(looked_up, *subwords.tables(vocab))
        return {"input_ids": [found], "lengths": [len(found)], "word_ends": [ends]}
    if config["tokenizer"] == "subwords":
        found = subwords.encode(looked_up[0], *subwords.tables(vocab))
        return {"input_ids": [found], "lengths": [len(found)]}
    ids = {token: i for i, token in enumerate(vocab["tokens"])}
    unknown = ids[vocab.get("unknown", "<unk>")]
    feed = {"input_ids": [[ids.get(word, unknown) for word in looked_up]], "lengths": [len(words)]}
    if config.get("characters"):
        letters = {letter: i for i, letter in enumerate(vocab["characters"])}
        spelled = [[letters.get(c, letters["<unk>"]) for c in word] for word in words]
        spelled = [word if len(word) <= 64 else word[:40] + word[-24:] for word in spelled]  # the middle of a monster is skipped
        width = max(len(word) for word in spelled)
        feed["character_ids"] = [[word + [0] * (width - len(word)) for word in spelled]]
        feed["character_lengths"] = [[len(word) for word in spelled]]
    return feed


def likeliest(logits, start, between, end):
    """The likeliest string of labels of a tagger with a conditional random field (Viterbi)."""
    scores, origins = start + logits[0], []
    for step in logits[1:]:
        paths = scores[:, None] + between
        origins.append(paths.argmax(axis=0))
        scores = paths.max(axis=0) + step
    labels = [int((scores + end).argmax())]
    for origin in reversed(origins):
        labels.append(int(origin[labels[-1]]))
    return labels[::-1]


def main(file, text):
    import numpy as np
    import onnxruntime as ort

    session = ort.InferenceSession(file)
    metadata = session.get_modelmeta().custom_metadata_map
    config, vocab = json.loads(metadata["rnn_service.config"]), json.loads(metadata["rnn_service.vocab"])
    labels = json.loads(metadata["labels"])
    pieces = split(text, config)
    if config["task"] == "tagger" and config["tokenizer"] == "characters":  # passes over white space that it does not know
        pieces = [piece for piece in pieces if piece[0] in vocab["tokens"] or not english_tokens.is_space(piece[0])]
    if not pieces:
        sys.exit("the text holds no token")
    feed = inputs([word for word, _, _ in pieces], config, vocab)
    outputs = ["logits"] + (["start_transitions", "transitions", "end_transitions"] if config.get("crf") else [])
    logits, *transitions = session.run(outputs, {name: np.array(values, dtype=np.int64) for name, values in feed.items()})
    scores = np.exp(logits[0] - logits[0].max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    if config["task"] == "classifier":
        for label in np.argsort(-scores):
            print(f"{labels[label]}\t{scores[label]:.4f}")
    elif transitions:
        for (word, start, end), label in zip(pieces, likeliest(logits[0], *transitions)):
            print(f"{start}\t{end}\t{word}\t{labels[label]}")
    else:
        for (word, start, end), row in zip(pieces, scores):
            print(f"{start}\t{end}\t{word}\t{labels[row.argmax()]}\t{row.max():.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
