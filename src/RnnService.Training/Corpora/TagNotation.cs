namespace RnnService.Training.Corpora;

/// <summary>How the tags of a corpus mark spans of several words.</summary>
public enum TagNotation
{
    /// <summary>B begins a span, I goes on (IOB2).</summary>
    Bio,

    /// <summary>I goes on and begins; B begins a span right after one of its type.</summary>
    Iob1,

    /// <summary>I alone, or the type without a mark: spans of a type that touch are one.</summary>
    Io,

    /// <summary>B begins, I goes on, E ends, S is a span of one word.</summary>
    Bioes,

    /// <summary>The same with M for I.</summary>
    Bmes,

    /// <summary>The same as <see cref="Bioes"/> with L for E and U for S.</summary>
    Bilou,
}
