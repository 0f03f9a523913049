using RnnService.Engine.Layers;

namespace RnnService.Engine.Networks;

/// <summary>What of a network to look at while it reads a text. Immutable.</summary>
public sealed record InspectionOptions
{
    /// <summary>The layer, from 0.</summary>
    public int Layer { get; init; }

    /// <summary>Whether to look at the direction that reads from the end, where there are two.</summary>
    public bool Reverse { get; init; }

    /// <summary>What of its units; see <see cref="ActivationKinds.Of"/> for what a cell has.</summary>
    public ActivationKind Kind { get; init; }

    /// <summary>The first unit, from 0.</summary>
    public int FirstUnit { get; init; }

    /// <summary>Most units; fewer where the layer ends before.</summary>
    public int Units { get; init; } = 64;

    /// <summary>Whether to tell also how far back the answer looks.</summary>
    public bool Gradients { get; init; }

    /// <summary>Index of the token whose answer's gradients are taken, negative from the end; of no meaning for a classifier, which answers once.</summary>
    public int At { get; init; } = -1;

    /// <summary>
    /// The right answer, index of a label or id of the next token: gradients are then those of its loss in nats, −log of its probability. Null for those of
    /// what the likeliest answer is judged by.
    /// </summary>
    public int? Target { get; init; }
}

/// <summary>What a network did while it read a text of T tokens. Immutable.</summary>
public sealed class Inspection
{
    /// <summary>The activations after each token, [T][units].</summary>
    public required IReadOnlyList<float[]> Activations { get; init; }

    /// <summary>How far back the answer looks; null where it was not asked for or the text holds no token.</summary>
    public GradientNorms? Gradients { get; init; }
}

/// <summary>
/// How far back an answer looks: the Euclidean norms of the gradient of one answer with respect to what the network read and remembered. The
/// answer is a classifier's margin of its likeliest label, a tagger's margin of a word's likeliest label, or a language model's log-probability
/// of the likeliest next token; a margin is the label's logit minus the mean of the others'. Where a right answer was given, it is the loss. Immutable.
/// </summary>
public sealed class GradientNorms
{
    /// <summary>Index of the token whose answer it is; null for a classifier, which answers once for the text.</summary>
    public required int? At { get; init; }

    /// <summary>The answer, likeliest or right: index of the label, or id of the next token.</summary>
    public required int Answer { get; init; }

    /// <summary>With respect to each token's embedding, [T].</summary>
    public required IReadOnlyList<float> Inputs { get; init; }

    /// <summary>With respect to h after each token, [layers·directions][T], in the order of the state: layer by layer, forward first.</summary>
    public required IReadOnlyList<float[]> States { get; init; }
}
