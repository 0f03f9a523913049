using RnnService.Onnx.Comparison;

namespace RnnService.Onnx.Runtime.Runs;

/// <summary>How a graph takes its rows, and how it gives its answers.</summary>
/// <param name="TimeMajor">Token ids are [time,batch] and not [batch,time].</param>
/// <param name="Batch">The only number of rows it takes; null where it takes any.</param>
/// <param name="SingleStep">It reads one token of each row at a time.</param>
/// <param name="Ragged">Rows may differ in length: what stands past a row's length does not move its results.</param>
internal sealed record GraphLayout(bool TimeMajor, int? Batch, bool SingleStep, bool Ragged)
{
    /// <summary>Tokens that a language model reads in one run: logits come for all of them, needed or not.</summary>
    public const int MostSteps = 128;

    private const int MostTokens = 8192; // of one run, padding included
    private const int MostValues = 1 << 25; // logits of one run

    /// <summary>Whether the answers of tokens lie the other way than the ids: [time,batch] beside ids [batch,time].</summary>
    public bool AnswersSwapped { get; init; }

    /// <summary>Whether the mask is 1 on padding, and 0 on tokens.</summary>
    public bool MaskInverted { get; init; }

    /// <summary>The only number of tokens it takes, for a comparison alone; null where it takes any.</summary>
    public int? Time { get; init; }

    /// <summary>What the answers are.</summary>
    public AnswerForm Form { get; init; }

    /// <summary>Which rows to read in one run; see <see cref="RowGroups.Of"/>.</summary>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="outputs">Logits of each token.</param>
    public IEnumerable<int[]> Group(IReadOnlyList<int> lengths, int outputs) => RowGroups.Of(
        lengths, Ragged, longest => Batch ?? Math.Max(1, Math.Min(MostTokens / longest, (int)(MostValues / ((long)longest * outputs)))));
}
