using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using RnnService.Engine.Generation;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// The reading of one prompt with a <see cref="PrefixCache"/>: it begins after the longest beginning that was read before, and keeps the state at marks
/// on the way. Marks lie where every prompt has them, the further apart the longer it is, so that of a beginning in common an eighth at most is read
/// again; the last is before the last token, from whose logits the first new one is drawn. For one thread at a time.
/// </summary>
internal sealed class PrefixReading
{
    private const int FirstMark = 64, MostBetweenMarks = 512;

    private readonly PrefixCache _cache;
    private readonly GenerationStream _stream;
    private readonly List<(int Tokens, PrefixKey Key)> _marks;
    private int _next; // mark at which to keep the state

    private PrefixReading(PrefixCache cache, GenerationStream stream, string owner)
    {
        (_cache, _stream, _marks) = (cache, stream, Marks(stream.PromptIds.Span, owner));
        for (_next = _marks.Count; _next > 0; _next--)
        {
            if (cache.Find(_marks[_next - 1].Key) is not { } prefix) continue;
            stream.SkipPrompt(prefix);
            Saved = prefix.Tokens;
            break;
        }

        StopAtNext();
    }

    /// <summary>Tokens that need not be read.</summary>
    public int Saved { get; }

    /// <summary>Begins to read a prompt; null where it is too short, is scored, or goes on from a state.</summary>
    /// <param name="cache">The states of the stream's model.</param>
    /// <param name="stream">Before its first step.</param>
    /// <param name="owner">Whose the text is: another's beginnings are not found.</param>
    public static PrefixReading? Begin(PrefixCache cache, GenerationStream stream, string owner) =>
        stream.PromptIds.Length > FirstMark ? new PrefixReading(cache, stream, owner) : null;

    /// <summary>Keeps the state, where a step ended at a mark.</summary>
    public void AfterStep()
    {
        if (_next == _marks.Count || _stream.PromptRead < _marks[_next].Tokens || _stream.Failure is not null) return;
        // Where a step failed for others, the stream may have taken two.
        if (_stream.PromptRead == _marks[_next].Tokens) _cache.Keep(_marks[_next].Key, _stream.SavePrompt());
        _next++;
        StopAtNext();
    }

    private void StopAtNext() => _stream.PromptStop = _next < _marks.Count ? _marks[_next].Tokens : int.MaxValue;

    private static List<(int Tokens, PrefixKey Key)> Marks(ReadOnlySpan<int> ids, string owner)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(owner)));
        List<(int Tokens, PrefixKey Key)> marks = [];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (int from = 0, last = ids.Length - 1; from < last;)
        {
            int next = Math.Min(last, from + Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)from / 8 + 1) / 2, FirstMark, MostBetweenMarks));
            hash.AppendData(MemoryMarshal.AsBytes(ids[from..next]));
            hash.GetCurrentHash(digest);
            marks.Add((next, new PrefixKey(BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[16..]))));
            from = next;
        }

        return marks;
    }
}
