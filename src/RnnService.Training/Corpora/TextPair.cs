namespace RnnService.Training.Corpora;

/// <summary>A text and what a translator is to make of it. Two are equal when both texts are, wherever they were read.</summary>
/// <param name="Source">The text to translate.</param>
/// <param name="Target">Its translation, or summary.</param>
public sealed record TextPair(string Source, string Target)
{
    /// <summary>The file it was read from; empty where it was not.</summary>
    public string Path { get; init; } = "";

    /// <summary>The line it begins in, from 1.</summary>
    public int Line { get; init; }

    /// <summary>Whether it was given by a program: <see cref="Path"/> then says what as, and <see cref="Line"/> its number.</summary>
    internal bool IsInMemory { get; init; }

    /// <summary>Where it stands, for messages.</summary>
    internal string Place => Line > 0 ? $"{Path}, {(IsInMemory ? "number" : "line")} {Line}" : Path;

    /// <inheritdoc/>
    public bool Equals(TextPair? other) => other is not null && Source == other.Source && Target == other.Target;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Source, Target);
}
