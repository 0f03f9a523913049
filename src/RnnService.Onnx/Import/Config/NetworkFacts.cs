using RnnService.Engine.Layers;
using RnnService.Engine.Models;

namespace RnnService.Onnx.Import.Config;

/// <summary>
/// What the tensors or the graph say about a network; null where they say nothing. They fill in what config.json leaves out, and what
/// contradicts them is refused.
/// </summary>
internal sealed record NetworkFacts
{
    /// <summary>Who says so, as a message ends: "…, as the weights have it".</summary>
    public string Witness { get; init; } = "the weights have it";

    /// <summary>What the network does.</summary>
    public ModelTask? Task { get; init; }

    /// <summary>The cells it may be of: weights do not tell tanh from ReLU.</summary>
    public IReadOnlyList<CellKind>? Cells { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public int? Tokens { get; init; }

    /// <summary>Width of the embedding.</summary>
    public int? EmbeddingSize { get; init; }

    /// <summary>Width of the state.</summary>
    public int? HiddenSize { get; init; }

    /// <summary>Stacked layers.</summary>
    public int? Layers { get; init; }

    /// <summary>Which ways they read.</summary>
    public Direction? Direction { get; init; }

    /// <summary>Sizes of the character network.</summary>
    public CharacterConfig? Characters { get; init; }

    /// <summary>How a classifier makes one vector of all steps.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>Whether there are scores for neighbouring labels.</summary>
    public bool? Crf { get; init; }

    /// <summary>Rows of the head.</summary>
    public int? Outputs { get; init; }

    /// <summary>Values of a step, of a network that reads numbers; null for one that reads text or does not say.</summary>
    public int? Features { get; init; }

    /// <summary>Whether each step of numbers has an answer, and not the sequence as a whole; null for a network that reads text.</summary>
    public bool? AnswersSteps { get; init; }

    /// <summary>Whether the head is the embedding.</summary>
    public bool? TieWeights { get; init; }

    /// <summary>
    /// Whether the head has one output under a sigmoid: <see cref="Outputs"/> is 2, and the output is the score of the second label.
    /// </summary>
    public bool IsSigmoid { get; init; }

    /// <summary>Whether a graph computes the answers as it stands, so that nothing is assumed about them.</summary>
    public bool IsKept { get; init; }

    /// <summary>Rows and columns of the embedding where it has no name of its own, should the head be it; null where it has one.</summary>
    public (int? Rows, int? Columns)? IfTied { get; init; }
}
