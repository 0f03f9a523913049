using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Checks;

/// <summary>
/// Looks for texts whose answer is not finite: weights may be finite and their products not. Reads every token alone, as far as there is
/// room, and some random texts.
/// </summary>
internal static class FiniteCheck
{
    private const int MostTokens = 4096, MostValues = 1 << 22, Rows = 64, RandomTexts = 64, LongestText = 40;

    /// <summary>A sentence about the first text found, the shortest first; null where none is.</summary>
    public static string? Note(TextModel model)
    {
        int tokens = model.Vocabulary.Tokens.Count;
        int outputs = model is LanguageModel ? tokens : model.Config.NetworkLabels.Count, most = Math.Min(MostTokens, MostValues / outputs);
        IEnumerable<int[]> alone = Enumerable.Range(0, Math.Min(tokens, most)).Select(id => (int[])[id]);
        IEnumerable<int[]> texts = Enumerable.Range(0, Math.Clamp(most / LongestText, 1, RandomTexts)).Select(text =>
        {
            var random = new RandomSource(3, (ulong)text);
            int[] ids = new int[1 + random.Below(LongestText)];
            foreach (ref int id in ids.AsSpan()) id = random.Below(tokens);
            return ids;
        });
        foreach (int[][] rows in alone.Concat(texts).Chunk(Rows))
        {
            if (First(model, rows) is not { } found) continue;
            const int shown = 10;
            string text = string.Join(' ', found.Take(shown).Select(id => model.Vocabulary.Tokens[id])) + (found.Length > shown ? " …" : "");
            return $"The answer to some texts is not finite, such as to {Quote(text)}: the weights are so large that it overflows";
        }

        return null;
    }

    private static int[]? First(TextModel model, int[][] rows)
    {
        int first = rows.Length;
        LogitsReader reader = (row, _, logits) =>
        {
            foreach (float value in logits) first = float.IsFinite(value) ? first : Math.Min(first, row);
        };
        try
        {
            switch (model)
            {
                case LanguageModel language:
                    language.Network.Forward([.. rows.Select(row => new ReadOnlyMemory<int>(row))], new int[rows.Length], language.NewState(rows.Length), reader);
                    break;
                case Classifier classifier:
                    classifier.Network.Forward(rows, reader);
                    break;
                case Tagger tagger:
                    tagger.Network.Forward([.. rows.Select(row => new TaggerInput([.. row.Select(id => tagger.Vocabulary.Tokens[id])], row))], reader);
                    break;
            }
        }
        catch (NetworkException)
        {
            return null; // a graph that takes no such text says so when it is asked
        }

        return first < rows.Length ? rows[first] : null;
    }
}
