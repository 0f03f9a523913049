using RnnService.Training.Recipes;

namespace RnnService.Training.Tests.Runs;

/// <summary>A recipe a task with a corpus that can be learnt in seconds, written to a folder of the test.</summary>
internal static class TinyRecipes
{
    public static TheoryDataOfTasks Tasks => new();

    public static Recipe Write(ScratchFolder folder, string task, params string[] overrides)
    {
        string path = folder[task + ".json"];
        switch (task)
        {
            case "language_model":
                File.WriteAllText(folder["train.txt"], string.Concat(Enumerable.Repeat("abcabcabd. ", 120)));
                File.WriteAllText(folder["valid.txt"], string.Concat(Enumerable.Repeat("abcabcabd. ", 12)));
                File.WriteAllText(path, """
                    {
                      "model": { "task": "language_model", "cell": "gru", "tokenizer": "characters", "embedding_size": 8, "hidden_size": 24, "layers": 2 },
                      "data": { "train": [{ "path": "train.txt", "format": "text" }], "valid": [{ "path": "valid.txt", "format": "text" }] },
                      "training": { "epochs": 3, "batch_size": 4, "unroll_steps": 20, "learning_rate": 0.01, "average_decay": 0.9,
                                    "dropout": { "between": 0.1, "output": 0.1 }, "log_every": 3, "evaluate_every": 7 },
                      "golden_input": "abcab"
                    }
                    """);
                break;
            case "classifier":
                string[] good = ["fine", "lovely", "bright"], bad = ["dull", "sad", "grey"];
                var examples = Enumerable.Range(0, 60).Select(i => i % 2 == 0
                    ? $"up\tthis was a {good[i % 3]} day {i % 7}"
                    : $"down\tsuch a {bad[i % 3]} and long day {i % 5} indeed");
                File.WriteAllLines(folder["train.tsv"], examples);
                File.WriteAllLines(folder["valid.tsv"], ["up\tthis was a lovely day 2", "down\tsuch a sad and long day 3 indeed", "up\tthis was a bright day", "down\tsuch a grey and long day"]);
                File.WriteAllText(path, """
                    {
                      "model": { "task": "classifier", "cell": "lstm", "tokenizer": "english", "embedding_size": 12, "hidden_size": 10, "bidirectional": true, "pooling": "max" },
                      "data": { "train": [{ "path": "train.tsv", "format": "labelled" }], "valid": [{ "path": "valid.tsv", "format": "labelled" }] },
                      "training": { "epochs": 6, "batch_size": 8, "learning_rate": 0.02, "dropout": { "embedding": 0.2, "output": 0.2 },
                                    "unknown_chance": 0.2, "average_decay": 0.9, "schedule": "cosine", "log_every": 3 },
                      "golden_input": "a lovely day"
                    }
                    """);
                break;
            case "translator":
                string[] german = ["eins", "zwei", "drei"], english = ["one", "two", "three"];
                var pairs = Enumerable.Range(0, 81).Select(i => (int[])[i % 3, i / 3 % 3, i / 9 % 3, i / 27]).Select(numbers => numbers.AsSpan(0, 1 + numbers.Sum() % 4).ToArray())
                    .Select(numbers => $"{string.Join(' ', numbers.Select(i => german[i]))}\t{string.Join(' ', numbers.Select(i => english[i]))}\tby hand");
                File.WriteAllLines(folder["train.pairs"], pairs);
                File.WriteAllLines(folder["valid.pairs"], ["zwei eins\ttwo one\tby hand", "drei\tthree\tby hand", "eins drei zwei drei\tone three two three\tby hand"]);
                File.WriteAllText(path, """
                    {
                      "model": { "task": "translator", "cell": "gru", "tokenizer": "subwords", "embedding_size": 16, "hidden_size": 12, "bidirectional": true,
                                 "tie_weights": true, "decoder": { "hidden_size": 16 } },
                      "data": { "train": [{ "path": "train.pairs", "format": "pairs" }], "valid": [{ "path": "valid.pairs", "format": "pairs" }],
                                "max_vocabulary": 280 },
                      "training": { "epochs": 4, "batch_size": 9, "learning_rate": 0.03, "dropout": { "embedding": 0.1, "output": 0.1 }, "average_decay": 0.9,
                                    "label_smoothing": 0.1, "scheduled_sampling": 0.2, "log_every": 3, "shards": 2 },
                      "golden_input": "zwei drei"
                    }
                    """);
                break;
            default:
                string[] sentences = [.. Enumerable.Range(0, 40).Select(i =>
                    $"the\tD\n{(i % 2 == 0 ? "dog" : "cats")}\tN\n{(i % 3 == 0 ? "sleeps" : "run")}\tV\n{(i % 5 == 0 ? "!" : ".")}\tP\n")];
                File.WriteAllText(folder["train.conll"], string.Join('\n', sentences));
                File.WriteAllText(folder["valid.conll"], "the\tD\ndog\tN\nrun\tV\n.\tP\n");
                File.WriteAllText(path, """
                    {
                      "model": { "task": "tagger", "cell": "tanh", "tokenizer": "english", "embedding_size": 8, "hidden_size": 12, "bidirectional": true,
                                 "characters": { "embedding_size": 6, "hidden_size": 5 } },
                      "data": { "train": [{ "path": "train.conll", "format": "conll" }], "valid": [{ "path": "valid.conll", "format": "conll" }] },
                      "training": { "epochs": 5, "batch_size": 6, "learning_rate": 0.02, "dropout": { "embedding": 0.1 }, "optimizer": "sgd",
                                    "unknown_chance": 0.2, "schedule": "plateau", "log_every": 3, "shards": 3, "clip_norm": 5 },
                      "golden_input": "the dog runs."
                    }
                    """);
                break;
        }

        return Recipe.Read(path, overrides);
    }
}

/// <summary>The tasks, for theories.</summary>
public sealed class TheoryDataOfTasks : Xunit.TheoryData<string>
{
    public TheoryDataOfTasks() => AddRange("language_model", "classifier", "tagger", "translator");
}
