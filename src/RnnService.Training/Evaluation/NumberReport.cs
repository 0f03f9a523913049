namespace RnnService.Training.Evaluation;

/// <summary>How well a model of numbers does: what its task has of these.</summary>
/// <param name="Loss">The loss of a prediction.</param>
public sealed record NumberReport(double Loss)
{
    /// <summary>Of labels, and of transcripts where one symbol is said in each: how often each was given for each other.</summary>
    public ConfusionMatrix? Confusion { get; init; }

    /// <summary>Of values: the errors in their own units.</summary>
    public ValueErrors? Errors { get; init; }

    /// <summary>Of a forecast: the errors of whoever says that everything stays as it is.</summary>
    public ValueErrors? Naive { get; init; }

    /// <summary>Of a transcript: what had to be changed.</summary>
    public SymbolErrors? Symbols { get; init; }
}

/// <summary>Errors of values.</summary>
/// <param name="Count">How many values.</param>
/// <param name="RootMeanSquare">Root of the mean squared error.</param>
/// <param name="MeanAbsolute">Mean absolute error.</param>
public sealed record ValueErrors(long Count, double RootMeanSquare, double MeanAbsolute);

/// <summary>Errors of transcripts: the fewest symbols to change, put in and take out.</summary>
/// <param name="Sequences">How many transcripts.</param>
/// <param name="Right">Of them without an error.</param>
/// <param name="Symbols">Symbols that were said.</param>
/// <param name="Errors">Changes that were needed.</param>
public sealed record SymbolErrors(long Sequences, long Right, long Symbols, long Errors)
{
    /// <summary>Errors a symbol; above 1 where more is written than said.</summary>
    public double Rate => (double)Errors / Math.Max(1, Symbols);
}
