using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Onnx.Import.Files;

namespace RnnService.Onnx.Import.Checks;

/// <summary>The text whose answer shows at every load that a model is still the same.</summary>
internal static class GoldenInput
{
    private const int MostTokens = 24;

    /// <summary>A text of the model's own tokens, evenly from the whole vocabulary: those that are read again as themselves.</summary>
    public static string For(Model model) => model is TextModel text ? For(text) : For((NumberModel)model);

    // A few steps of small numbers, no longer than a text may be.
    private static string For(NumberModel model)
    {
        const int mostSteps = 8, mostValues = 4000;
        int features = model.Numbers.Features, steps = Math.Clamp(mostValues / features, 1, mostSteps);
        return $"[{string.Join(',', Enumerable.Range(0, steps).Select(t => $"[{string.Join(',', Enumerable.Range(0, features).Select(i => (3 * t + i) % 5 - 2))}]"))}]";
    }

    private static string For(TextModel model)
    {
        Vocabulary tokens = model.Vocabulary.Tokens;
        string[] readable = [.. tokens.Tokens.Where((token, id) => !tokens.IsSpecial(id) && IsReadable(model.Config, token))];
        int count = Math.Min(MostTokens, readable.Length);
        string space = model.Config.Tokenizer == Tokenization.Characters ? "" : " ";
        string[] chosen = [.. Enumerable.Range(0, count).Select(i => readable[(int)((long)i * readable.Length / count)])];
        string text = string.Join(space, chosen);
        // Weights may be so large that the answer to some texts is not finite.
        return text.Length == 0 ? "a" : chosen.Prepend(text).FirstOrDefault(one => IsAnswered(model, one)) ?? text;
    }

    private static bool IsAnswered(TextModel model, string text)
    {
        try
        {
            return model.Answer(text).Scores.All(float.IsFinite);
        }
        catch (Exception error) when (error is ArgumentException or NetworkException)
        {
            return false;
        }
    }

    /// <summary>Checks that the model has an answer to a text.</summary>
    /// <param name="model">The model.</param>
    /// <param name="file">The file it was read from, for messages.</param>
    /// <param name="input">The text.</param>
    /// <exception cref="ImportException">The text holds no token, or the answer is not finite.</exception>
    public static void Check(Model model, string file, string input)
    {
        ModelAnswer answer;
        try
        {
            answer = model.Answer(input);
        }
        catch (ArgumentException error)
        {
            throw NoToken(error);
        }

        catch (NetworkException error)
        {
            throw new ImportException(
                file, $"the golden text cannot be computed ({error.Message}); expected a text that the graph computes", error);
        }

        if (answer.Scores.Count == 0) throw NoToken(null);
        if (!answer.Scores.All(float.IsFinite))
            throw new ImportException(file, "the network's answer to the golden input is not finite; expected smaller weights");

        static ImportException NoToken(Exception? inner) =>
            new("golden input", "holds no token of the vocabulary; expected one or more", inner);
    }

    private static bool IsReadable(ModelConfig config, string token) =>
        Tokenizer.Forms(token, config.Tokenizer, config.LowerCase).SequenceEqual([token]);
}
