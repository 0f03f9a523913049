namespace RnnService.Engine.Networks;

/// <summary>A sentence as a tagger reads it: its words and their ids. Immutable.</summary>
public sealed class TaggerInput
{
    internal TaggerInput(string[] forms, int[] ids, int unknown = -1)
    {
        (Forms, Ids) = (forms, ids);
        IsUnknown = !ids.AsSpan().ContainsAnyExcept(unknown);
    }

    /// <summary>Number of words.</summary>
    public int Length => Ids.Length;

    /// <summary>Whether the model knows none of the words; also where there is none.</summary>
    public bool IsUnknown { get; }

    internal string[] Forms { get; }

    internal int[] Ids { get; }
}
