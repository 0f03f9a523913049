namespace RnnService.Engine.Generation.Grammars;

/// <summary>Reads bytes and knows after each whether a text may end, and whether any text can still come of it. Immutable.</summary>
internal abstract class Automaton
{
    /// <summary>The state in which no text of the language can be reached.</summary>
    public const long Dead = -1;

    /// <summary>The state before the first byte.</summary>
    public abstract long Start { get; }

    /// <summary>Memory that it takes, roughly.</summary>
    public abstract long Bytes { get; }

    /// <summary>Characters that a vocabulary must have for every state to have a way to an end; null where that has to be found out.</summary>
    public virtual string? Needs => null;

    /// <summary>The state after a byte, or <see cref="Dead"/>.</summary>
    public abstract long Next(long state, byte value);

    /// <summary>Whether a text may end here.</summary>
    public abstract bool Accepts(long state);

    /// <summary>Whether a number, such as one that was stored, is a state.</summary>
    public abstract bool Has(long state);
}
