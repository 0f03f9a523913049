"""A translator of subwords from `rnn export` in Python: python translate_onnx.py FOLDER TOKENIZER.json "Il pleut."

Needs onnxruntime, numpy and tokenizers. FOLDER is what `rnn export` wrote; TOKENIZER.json comes from `rnn export --format tokenizer`.
"""
import sys


def greedy(encoder, decoder, source, end, never=(), most=200):
    """The ids of a greedy translation and, of each, where the decoder looked: a share for every token of the source.

    end is the id of the end token, never are those that stand for no text.
    """
    import numpy as np

    ids = np.array([source + [end]], dtype=np.int64)
    names = [output.name for output in encoder.get_outputs()]
    lengths = np.array([ids.shape[1]], dtype=np.int64)
    given = dict(zip(names, encoder.run(names, {"input_ids": ids, "lengths": lengths})), lengths=lengths)
    takes = [one.name for one in decoder.get_inputs()]
    gives = [output.name for output in decoder.get_outputs()]
    found, looked, token = [], [], end
    while len(found) < most:
        given["input_ids"] = np.array([token], dtype=np.int64)
        step = dict(zip(gives, decoder.run(gives, {name: given[name] for name in takes})))
        logits = step["logits"][0].copy()
        logits[list(never)] = -np.inf
        token = int(logits.argmax())
        if token == end:
            break
        found.append(token)
        looked.append(step["attention"][0] if "attention" in step else None)
        given.update({name.replace("_n", "_0"): value for name, value in step.items() if name.endswith("_n")})
    return found, looked


def main(folder, tokenizer, text):
    import onnxruntime as ort
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(tokenizer)
    encoder, decoder = (ort.InferenceSession(f"{folder}/{part}.onnx") for part in ("encoder", "decoder"))
    end, *others = (words.token_to_id(token) for token in ("</s>", "<unk>", "<pad>"))
    ids, _ = greedy(encoder, decoder, words.encode(text).ids, end, [token for token in others if token is not None])
    print(words.decode(ids))


if __name__ == "__main__":
    main(*sys.argv[1:])
