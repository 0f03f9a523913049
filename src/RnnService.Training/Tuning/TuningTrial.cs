using RnnService.Training.Evaluation;

namespace RnnService.Training.Tuning;

/// <summary>One training of a search for settings, and how it went.</summary>
public sealed record TuningTrial
{
    /// <summary>Its number, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>How far its candidate came in its round: 0 for a first, short training.</summary>
    public required int Level { get; init; }

    /// <summary>What differs from the recipe that the search starts from, as for <see cref="Recipes.Recipe.With"/>.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>The score of its best evaluation; null where it failed.</summary>
    public ValidationScore? Score { get; init; }

    /// <summary>Why there is no score; null where there is one.</summary>
    public string? Fault { get; init; }

    /// <summary>Seconds that it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Whether its score is better than another's; any is better than none.</summary>
    internal bool IsBetterThan(TuningTrial? other) => Score is { } score && score.IsBetterThan(other?.Score?.Value, other?.Score?.Loss ?? 0);
}
