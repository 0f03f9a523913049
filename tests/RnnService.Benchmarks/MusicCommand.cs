using RnnService.Audio.Music;
using RnnService.Engine.Generation;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Models;
using RnnService.Training.Corpora;

namespace RnnService.Benchmarks;

/// <summary>
/// How good a model of tunes is: bits a character of held-out tunes beside those of n-grams, and of two hundred tunes that it writes how many parse and add
/// up, free and held by the grammar; and the same of real tunes, which says what the judge is worth.
/// </summary>
internal static class MusicCommand
{
    private const int Samples = 200;

    private static readonly string[] s_prompts =
        [.. new[] { ("6/8", "1/8"), ("2/2", "1/8"), ("2/4", "1/16"), ("9/8", "1/8"), ("3/4", "1/8") }
            .SelectMany(metre => new[] { "G", "D", "Ador", "Em" }.Select(key => $"X:1\nM:{metre.Item1}\nL:{metre.Item2}\nK:{key}\n"))];

    /// <param name="folder">The model, with the settings of its own for what is drawn.</param>
    /// <param name="train">The tunes that it was trained on, as they were written down.</param>
    /// <param name="valid">Held-out tunes.</param>
    public static int Run(string folder, string train, string valid)
    {
        Judge("real tunes", File.ReadAllText(valid).ReplaceLineEndings("\n").Split("\n\n").Where(tune => tune.Trim().Length > 0));
        using LanguageModel model = LanguageModel.Load(folder);
        foreach ((string name, Grammar? grammar) in new (string, Grammar?)[] { ("free", null), ("held by the grammar", Grammar.Tune) })
        {
            var texts = new List<string>();
            for (int from = 0; from < Samples; from += s_prompts.Length)
            {
                GenerationOptions options = (model.Config.Generation ?? new()) with { MaxNewTokens = 2000, Seed = (ulong)from, Stop = ["\n\n"], Grammar = grammar };
                texts.AddRange(s_prompts.Zip(model.Complete(s_prompts, options), (prompt, text) => prompt + text));
            }

            Judge($"written, {name}", texts);
        }

        int[] read = model.Tokenizer.Encode(Corpus.ReadText(new CorpusSource { Path = valid, Format = CorpusFormat.Abc }));
        int[] learnt = model.Tokenizer.Encode(Corpus.ReadText(new CorpusSource { Path = train, Format = CorpusFormat.Abc, Keys = 2 }));
        double bits = model.Score([read], model.NewState(1))[0] / Math.Log(2) / (read.Length - 1);
        Console.WriteLine(FormattableString.Invariant($"model: {bits:0.000} bits a character"));
        foreach (int order in (int[])[5, 6, 8])
        {
            double counted = new KneserNey(learnt, order, model.Vocabulary.Tokens.Count).Nats(read).Average() / Math.Log(2);
            Console.WriteLine(FormattableString.Invariant($"{order}-gram, Kneser-Ney: {counted:0.000} bits a character; the model's are {1 - bits / counted:0.0%} fewer"));
        }

        return 0;
    }

    private static void Judge(string what, IEnumerable<string> tunes)
    {
        int count = 0, parsed = 0, even = 0;
        foreach (string tune in tunes)
        {
            count++;
            try
            {
                IReadOnlyList<int> uneven = AbcTune.Parse(tune).UnevenBars();
                parsed++;
                if (uneven.Count == 0) even++;
            }
            catch (FormatException)
            {
                // Counted by what it is not.
            }
        }

        Console.WriteLine(FormattableString.Invariant($"{what}: {count} tunes, {(double)parsed / count:0.0%} parse, {(double)even / count:0.0%} add up"));
    }
}
