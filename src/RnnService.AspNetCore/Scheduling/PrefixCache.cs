using RnnService.Engine.Generation;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// States of one model after the beginnings of prompts, so that prompts that begin alike are read once. They are found by a SHA-256 of their tokens
/// and of whose they are; neither text nor tokens are kept. The least recently used leave when there are more bytes than may be. Thread-safe.
/// </summary>
/// <param name="mostBytes">Bytes that all may take together.</param>
internal sealed class PrefixCache(long mostBytes)
{
    /// <summary>About what an entry takes beside its state.</summary>
    private const int BytesOfEntry = 256;

    private readonly Dictionary<PrefixKey, LinkedListNode<(PrefixKey Key, PromptPrefix Prefix)>> _entries = [];
    private readonly LinkedList<(PrefixKey Key, PromptPrefix Prefix)> _used = new(); // the newest first; also what is locked
    private long _bytes;

    /// <summary>Bytes that all take.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The state for a key, which counts as used then; null where there is none.</summary>
    public PromptPrefix? Find(PrefixKey key)
    {
        lock (_used)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<(PrefixKey, PromptPrefix Prefix)>? entry)) return null;
            _used.Remove(entry);
            _used.AddFirst(entry);
            return entry.Value.Prefix;
        }
    }

    /// <summary>Keeps a state, unless it alone is too large.</summary>
    public void Keep(PrefixKey key, PromptPrefix prefix)
    {
        if (SizeOf(prefix) > mostBytes) return;
        lock (_used)
        {
            if (_entries.ContainsKey(key)) return; // another stream was first
            _entries.Add(key, _used.AddFirst((key, prefix)));
            _bytes += SizeOf(prefix);
            while (_bytes > mostBytes)
            {
                (PrefixKey oldest, PromptPrefix left) = _used.Last!.Value;
                _used.RemoveLast();
                _entries.Remove(oldest);
                _bytes -= SizeOf(left);
            }
        }
    }

    private static long SizeOf(PromptPrefix prefix) => prefix.Bytes + BytesOfEntry;
}

/// <summary>A SHA-256.</summary>
internal readonly record struct PrefixKey(UInt128 High, UInt128 Low);
