namespace RnnService.Engine.Layers;

/// <summary>Where a network drops how much in training; each rate in [0, 1).</summary>
public sealed record DropoutRates
{
    /// <summary>Nothing is dropped.</summary>
    public static readonly DropoutRates None = new();

    /// <summary>Of a text's distinct tokens: the whole embedding of one is dropped wherever it occurs in the text (Gal and Ghahramani 2016).</summary>
    public float Words { get; init; }

    /// <summary>Of the embedded input.</summary>
    public float Embedding { get; init; }

    /// <summary>Of the weights of every recurrent matrix, one draw a step of training: weight drop (Merity et al. 2018). A trainer draws it.</summary>
    public float Recurrent { get; init; }

    /// <summary>Between stacked layers.</summary>
    public float Between { get; init; }

    /// <summary>Before the output layer.</summary>
    public float Output { get; init; }

    /// <summary>Whether masks are drawn anew at every step of time, and not once a sequence.</summary>
    public bool EachStep { get; init; }
}
