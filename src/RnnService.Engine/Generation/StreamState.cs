using RnnService.Engine.Layers;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>
/// Everything that a text's continuation depends on: what the network keeps of it, the token to be read next, where the draws stand, and what
/// penalties and stop strings need of the text. A stream that goes on from here gives what the stream it was taken from would have given, bit for
/// bit, with the same options. Immutable and safe for any number of threads.
/// </summary>
public sealed class StreamState
{
    internal StreamState(RecurrentState recurrent) => Recurrent = recurrent;

    /// <summary>Tokens of the text up to here, read and generated.</summary>
    public long Position { get; internal init; }

    /// <summary>The seed that its draws began with. A stream with another one begins its draws anew.</summary>
    public ulong Seed { get; internal init; }

    /// <summary>The network's state of one sequence, never written to.</summary>
    internal RecurrentState Recurrent { get; }

    /// <summary>Where the draws stand.</summary>
    internal ulong Place { get; init; }

    /// <summary>Tokens of the text that the network has not read: mostly the newest alone, at least one.</summary>
    internal int[] Pending { get; init; } = [];

    /// <summary>The end of the generated text, in which a stop string may have begun.</summary>
    internal string Tail { get; init; } = "";

    /// <summary>A character that the text has begun, which the next token may complete.</summary>
    internal PartialCharacter Partial { get; init; }

    /// <summary>The grammar that the text is held to, and where it stands in it; null where there is none.</summary>
    internal (ulong Key, long State)? Grammar { get; init; }

    /// <summary>The tokens so far by rising id, with how often each was generated; null where no penalty counts them.</summary>
    internal IReadOnlyList<KeyValuePair<int, int>>? Counts { get; init; }

    /// <summary>The state as bytes, for <c>LanguageModel.ReadState</c>. They hold no text but the end that stop strings need.</summary>
    public byte[] ToBytes() => StateBytes.Write(this);
}

/// <summary>Bytes are no state of this model. The message says why, and quotes no text.</summary>
public sealed class StreamStateException(string message) : FormatException(message);
