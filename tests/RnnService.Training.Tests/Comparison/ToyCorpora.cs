using System.Globalization;
using System.IO.Compression;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Training.Tests.Comparison;

/// <summary>Corpora of some lines, laid out as a comparison reads them.</summary>
internal static class ToyCorpora
{
    private static readonly string[] Nouns = ["dog", "cat", "bird", "house", "river"], Verbs = ["sees", "likes", "finds"];

    public static void WriteTo(string folder)
    {
        foreach (string corpus in (string[])["sst2", "ewt-pos", "shakespeare", "fra-eng", "intents", "imdb"]) Directory.CreateDirectory(Path.Combine(folder, corpus));
        foreach (var (part, count) in new[] { ("train", 60), ("dev", 16) })
        {
            Write($"sst2/{part}.txt", i => $"{i % 2} a {(i % 2 == 0 ? "dull" : "fine")} film of {Noun(i)} and {Noun(i / 3)}\n", count);
            Write($"ewt-pos/{part}.conllu", i => Sentence([("the", "DET"), (Noun(i), "NOUN"), (Verbs[i % 3], "VERB"), (Noun(i / 2), "NOUN")]), count);
            Write($"fra-eng/{part}.tsv", i => $"the {Noun(i)} {Verbs[i % 3]}{(i % 4 == 0 ? " the old big green " + Noun(i / 2) + " and me" : "")}\tle {Noun(i)} {Verbs[i % 3]}\n", count);
        }

        foreach (string part in (string[])["train", "valid"]) Write($"shakespeare/{part}.txt", i => $"{Noun(i).ToUpperInvariant()}: who {Verbs[i % 3]} {Noun(i / 2)}?\n", 120);

        foreach (string file in (string[])["banking77.train", "clinc150.train", "clinc150.val"]) Write($"intents/{file}.tsv", i => $"{Verbs[i % 3]}\t{file[^3..]} {i}: show me who {Verbs[i % 3]} the {Noun(i)}\n", 60);
        using var reviews = new StreamWriter(new GZipStream(File.Create(Path.Combine(folder, "imdb", "train.tsv.gz")), CompressionLevel.Fastest));
        reviews.Write("label\tfolder\ttext\n");
        for (int i = 0; i < 60; i++) reviews.Write($"{i % 2}\t{(i % 6 < 4 ? "train" : "val")}\t{i}: the {Noun(i)} was {(i % 2 == 0 ? "dull" : "fine")} and so was the {Noun(i / 2)}\n");

        void Write(string file, Func<int, string> line, int count) => File.WriteAllText(Path.Combine(folder, file), string.Concat(Enumerable.Range(0, count).Select(line)));
    }

    /// <summary>A model of English that has read nothing: what is compared is not how good it is.</summary>
    public static void WriteBaseTo(string models, int size)
    {
        var config = new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Lstm, Tokenizer = Tokenization.Whitespace, EmbeddingSize = size, HiddenSize = size, Layers = 2 };
        var words = new Vocabulary([Vocabulary.Unknown, Vocabulary.End, "the", "a", .. Nouns, .. Verbs]);
        using Model model = Model.Create(config, new ModelVocabulary(words), Parameters.Random(1));
        ModelFolder.Save(Path.Combine(models, "english"), model, "the cat sees", ElementType.F32);
    }

    private static string Noun(int i) => Nouns[i % Nouns.Length];

    private static string Sentence((string Form, string Tag)[] words) =>
        string.Concat(words.Select((word, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}\t{word.Form}\t{word.Form}\t{word.Tag}\t_\t_\t0\t_\t_\t_\n"))) + "\n";
}
