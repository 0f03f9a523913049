using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Benchmarks;

/// <summary>
/// Whether a model of ci poems keeps a tune's form: the characters of each clause, one clause after the other. It is given the tune and the first line of poems
/// that it has not seen and writes the rest; what is kept is a form that some poem of that tune had in training. Beside it stand the true poems, which says what
/// the judge is worth, and what is written judged by the forms of another tune.
/// </summary>
internal static class PoemsCommand
{
    private const int LeastPoems = 20, Most = 400;

    private const string Marks = "，。！？、；：";

    /// <param name="folder">The model.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="data">Where the corpora lie.</param>
    public static int Run(string folder, string recipe, string data)
    {
        using LanguageModel model = LanguageModel.Load(folder);
        var (train, valid) = NgramCommand.Parts(recipe, data);
        ILookup<string, string> forms = train.SelectMany(text => PoemsOf(text.Text)).ToLookup(poem => poem.Tune, poem => FormOf(string.Join("", poem.Lines)));
        (string Tune, string[] Lines)[] poems = [.. valid.SelectMany(text => PoemsOf(text.Text)).Where(poem => forms[poem.Tune].Count() >= LeastPoems && poem.Lines.Length > 2).Take(Most)];
        string[] tunes = [.. poems.Select(poem => poem.Tune).Distinct()];
        Judge("true poems", poem => string.Join("", poem.Lines), poem => poem.Tune);
        foreach (float temperature in (float[])[0, 0.5f, 0.8f])
        {
            var written = new Dictionary<string, string>();
            foreach (var some in poems.Chunk(50))
            {
                GenerationOptions options = (model.Config.Generation ?? new()) with { MaxNewTokens = 300, Seed = 1, Stop = ["\n\n"], Temperature = temperature, DoSample = temperature > 0 };
                string[] prompts = [.. some.Select(PromptOf)];
                foreach (var (prompt, text) in prompts.Zip(model.Complete(prompts, options))) written[prompt] = text;
            }

            string Written((string Tune, string[] Lines) poem) => poem.Lines[0] + written[PromptOf(poem)];
            Judge(FormattableString.Invariant($"written, temperature {temperature}"), Written, poem => poem.Tune);
            if (temperature == 0) Judge("the same by another tune's forms", Written, poem => tunes[(Array.IndexOf(tunes, poem.Tune) + 1) % tunes.Length]);
        }

        return 0;

        void Judge(string what, Func<(string Tune, string[] Lines), string> text, Func<(string Tune, string[] Lines), string> tune)
        {
            int kept = poems.Count(poem => forms[tune(poem)].Contains(FormOf(text(poem))));
            Console.WriteLine(FormattableString.Invariant($"{what}: {poems.Length} poems of {tunes.Length} tunes, {(double)kept / poems.Length:0.0%} in a form of the tune"));
        }
    }

    private static string PromptOf((string Tune, string[] Lines) poem) => $"{poem.Tune}\n{poem.Lines[0]}\n";

    private static IEnumerable<(string Tune, string[] Lines)> PoemsOf(string text) =>
        text.Split("\n\n").Select(poem => poem.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(poem => poem.Length > 1)
            .Select(poem => (poem[0], poem[1..]));

    private static string FormOf(string text) => string.Join(' ', text.ReplaceLineEndings("").Split(Marks.ToCharArray(), StringSplitOptions.RemoveEmptyEntries).Select(clause => clause.Length));
}
