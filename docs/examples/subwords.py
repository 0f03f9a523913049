"""The tokens of a model of `subwords` in Python: byte-level byte pairs, as docs/tokenization.md has them. Needs english_tokens.py beside it."""
import re
import unicodedata

import english_tokens

CLOSING, OPENING, JOINING = ".,;:!?)]}%…’”»", "([{$£€¥#“‘«¿¡", "-–/‐‑"
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
PIECE = re.compile(r" ?L+| ?N+| ?O+|[ S]+(?![LNO])|[ S]+")  # of kinds: letters, numbers, others, a space, other white space


def _alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {**{byte: chr(byte) for byte in shown}, **{byte: chr(256 + i) for i, byte in enumerate(hidden)}}


ALPHABET = _alphabet()  # how vocab.json writes the bytes


def _kind(c):
    category = unicodedata.category(c)[0]
    return " " if c == " " else "S" if english_tokens.is_space(c) else category if category in "LN" else "O"


def _pieces(text):
    kinds, at = "".join(map(_kind, text)), 0
    while at < len(text):
        contraction = next((one for one in CONTRACTIONS if text.startswith(one, at)), None)
        end = at + len(contraction) if contraction else PIECE.match(kinds, at).end()
        yield text[at:end]
        at = end


def _joined(symbols, ranks):
    while len(symbols) > 1:
        pair = min(zip(symbols, symbols[1:]), key=lambda one: ranks.get(one, len(ranks)))
        if pair not in ranks:
            break
        joined, at = [], 0
        while at < len(symbols):
            both = tuple(symbols[at:at + 2]) == pair
            joined.append("".join(pair) if both else symbols[at])
            at += 2 if both else 1
        symbols = joined
    return symbols


def tables(vocab):
    """The ids of the tokens and the order of the merges of a vocab.json, to be made once."""
    return {token: i for i, token in enumerate(vocab["tokens"])}, {tuple(merge.split(" ")): i for i, merge in enumerate(vocab["merges"])}


def encode(text, ids, ranks):
    """The ids of a text."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return [ids[token] for piece in _pieces(text) for token in _joined([ALPHABET[byte] for byte in piece.encode()], ranks)]


def _only(word, marks):
    return word != "" and all(c in marks for c in word) and (len(word) == 1 or marks == CLOSING)


def _ends_contraction(word):
    letter = len(word) in (2, 3) and word[0] in "'’" and word[1] <= "\uffff" and unicodedata.category(word[1])[0] == "L"
    return letter or len(word) == 3 and word[0] in "nN" and word[1] in "'’" and word[2] in "tT"


def in_place(words, i):
    """A word as it stands after those before it: with the space in front of it, if there is one."""
    word, before = words[i], words[i - 1] if i else ""
    close = i == 0 or _only(word, CLOSING) or _only(word, JOINING) or _ends_contraction(word) or _only(before, OPENING) or _only(before, JOINING)
    return " " + word if word == "" or not close else word


def encode_words(words, ids, ranks):
    """The ids of a tagger's words, none of which crosses two, and where each word's last token stands."""
    found, ends = [], []
    for i in range(len(words)):
        found += encode(in_place(words, i), ids, ranks)
        ends.append(len(found) - 1)
    return found, ends
