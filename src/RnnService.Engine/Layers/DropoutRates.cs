namespace RnnService.Engine.Layers;

/// <summary>Where a network drops how much in training; each rate in [0, 1).</summary>
public sealed record DropoutRates
{
    /// <summary>Nothing is dropped.</summary>
    public static readonly DropoutRates None = new();

    /// <summary>Of the embedded input.</summary>
    public float Embedding { get; init; }

    /// <summary>Between stacked layers.</summary>
    public float Between { get; init; }

    /// <summary>Before the output layer.</summary>
    public float Output { get; init; }
}
