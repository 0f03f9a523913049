using System.Globalization;

namespace RnnService.Training.Tests.Comparison;

/// <summary>Corpora of some lines, laid out as a comparison reads them.</summary>
internal static class ToyCorpora
{
    private static readonly string[] Nouns = ["dog", "cat", "bird", "house", "river"], Verbs = ["sees", "likes", "finds"];

    public static void WriteTo(string folder)
    {
        foreach (string corpus in (string[])["sst2", "ewt-pos", "shakespeare", "fra-eng"]) Directory.CreateDirectory(Path.Combine(folder, corpus));
        foreach (var (part, count) in new[] { ("train", 60), ("dev", 16) })
        {
            Write($"sst2/{part}.txt", i => $"{i % 2} a {(i % 2 == 0 ? "dull" : "fine")} film of {Noun(i)} and {Noun(i / 3)}\n", count);
            Write($"ewt-pos/{part}.conllu", i => Sentence([("the", "DET"), (Noun(i), "NOUN"), (Verbs[i % 3], "VERB"), (Noun(i / 2), "NOUN")]), count);
            Write($"fra-eng/{part}.tsv", i => $"the {Noun(i)} {Verbs[i % 3]}{(i % 4 == 0 ? " the old big green " + Noun(i / 2) + " and me" : "")}\tle {Noun(i)} {Verbs[i % 3]}\n", count);
        }

        foreach (string part in (string[])["train", "valid"]) Write($"shakespeare/{part}.txt", i => $"{Noun(i).ToUpperInvariant()}: who {Verbs[i % 3]} {Noun(i / 2)}?\n", 120);

        void Write(string file, Func<int, string> line, int count) => File.WriteAllText(Path.Combine(folder, file), string.Concat(Enumerable.Range(0, count).Select(line)));
    }

    private static string Noun(int i) => Nouns[i % Nouns.Length];

    private static string Sentence((string Form, string Tag)[] words) =>
        string.Concat(words.Select((word, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}\t{word.Form}\t{word.Form}\t{word.Tag}\t_\t_\t0\t_\t_\t_\n"))) + "\n";
}
