using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>An input and the answer that a model must give to it: <c>golden.json</c>.</summary>
/// <param name="Input">The text; for a model that reads numbers their JSON, a list of steps.</param>
/// <param name="Labels">Labels expected, each exactly.</param>
/// <param name="Scores">Scores expected, each within <paramref name="Tolerance"/>.</param>
/// <param name="Tolerance">Largest difference allowed: vector widths differ between processors, and with them the last bits.</param>
public sealed record GoldenAnswer(string Input, IReadOnlyList<string> Labels, IReadOnlyList<float> Scores, float Tolerance = 1e-3f)
{
    /// <summary>Most characters of a golden text: its answer is computed whenever the folder is loaded.</summary>
    public const int LongestInput = 20_000;

    private const float MostTolerance = 1;

    /// <summary>Checks that a model gives this answer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="file">Where the answer stands, for messages.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ModelFolderException">It gives another one.</exception>
    internal void Check(Model model, string file, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        if (LengthFault(Input) is { } fault) throw new ModelFolderException($"{file}: {fault}");
        if (!(Tolerance is >= 0 and <= MostTolerance))
        {
            throw new ModelFolderException(
                FormattableString.Invariant($"{file}: tolerance is {Tolerance}; expected 0 to {MostTolerance}"));
        }

        ModelAnswer answer = ModelFolderReader.WithPath($"{file}: input", () => model.Answer(Input));
        if (!answer.Labels.SequenceEqual(Labels))
        {
            throw new ModelFolderException(
                $"{file}: the model answers {Listing.Of(answer.Labels)}; expected {Listing.Of(Labels)}");
        }

        if (Scores.Count != answer.Scores.Count)
            throw new ModelFolderException($"{file}: scores holds {Scores.Count} numbers; expected {answer.Scores.Count}");
        for (int i = 0; i < answer.Scores.Count; i++)
        {
            if (!(MathF.Abs(answer.Scores[i] - Scores[i]) <= Tolerance))
            {
                throw new ModelFolderException(FormattableString.Invariant(
                    $"{file}: score {i} is {answer.Scores[i]}; expected {Scores[i]} within {Tolerance}"));
            }
        }
    }

    /// <summary>What is wrong with the length of a golden text; null where nothing is.</summary>
    internal static string? LengthFault(string input) => input.Length <= LongestInput
        ? null
        : $"the golden text has {input.Length} characters; expected at most {LongestInput}, since its answer is computed at every load";
}
