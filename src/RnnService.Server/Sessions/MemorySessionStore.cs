using RnnService.Server.Options;

namespace RnnService.Server.Sessions;

/// <summary>
/// Keeps sessions in the memory of this process, within a number of bytes. Beyond it the sessions longest untouched of the owner that holds most are
/// dropped first. Thread-safe.
/// </summary>
internal sealed class MemorySessionStore(GenerationSessionOptions options, TimeProvider time) : ISessionStore
{
    /// <summary>About what a session takes beside its state.</summary>
    private const int Overhead = 500;

    private const long Megabyte = 1_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<SessionName, Entry> _entries = [];
    private readonly Dictionary<string, Share> _shares = [];
    private readonly SortedSet<Share> _byBytes = new(Share.BySize);
    private readonly LinkedList<Entry> _byAge = []; // those that no request has; nearly in the order of their expiry, as the time to live is the same

    /// <summary>Number of sessions that wait for a request.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _byAge.Count;
        }
    }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    public Task<SessionLease> TakeAsync(SessionName name)
    {
        lock (_lock)
        {
            DropExpired();
            if (!_entries.TryGetValue(name, out Entry? entry)) _entries.Add(name, entry = new Entry(name));
            else if (entry.Token is not null) throw SessionLease.Busy();
            Forget(entry); // what a request has is not dropped
            if (entry.State?.Expires <= time.GetUtcNow()) entry.State = null; // one that a request gave back unchanged may lie behind younger ones
            entry.Token = SessionLease.NewToken();
            return Task.FromResult(new SessionLease(name, entry.Token, entry.State));
        }
    }

    public Task SaveAsync(SessionLease lease, SessionState state)
    {
        lock (_lock)
        {
            // Deleted meanwhile, and perhaps begun anew by another request.
            if (!_entries.TryGetValue(lease.Name, out Entry? entry) || entry.Token != lease.Token) throw SessionLease.Busy();
            (entry.State, entry.Token) = (state, null);
            Remember(entry);
            while (Bytes > options.MemoryMegabytes * Megabyte && Oldest() is { } oldest) Drop(oldest);
            return Task.CompletedTask;
        }
    }

    public Task ReleaseAsync(SessionLease lease)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(lease.Name, out Entry? entry) || entry.Token != lease.Token) return Task.CompletedTask;
            entry.Token = null;
            if (entry.State is null) _entries.Remove(lease.Name);
            else Remember(entry);
            return Task.CompletedTask;
        }
    }

    public Task DeleteAsync(SessionName name)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(name, out Entry? entry)) Drop(entry);
            return Task.CompletedTask;
        }
    }

    private void DropExpired()
    {
        DateTimeOffset now = time.GetUtcNow();
        while (_byAge.First is { Value: { } oldest } && oldest.State!.Expires <= now) Drop(oldest);
    }

    /// <summary>The session to drop next: the oldest of the owner with most bytes.</summary>
    private Entry? Oldest() => _byBytes.Max?.ByAge.First?.Value;

    private void Drop(Entry entry)
    {
        Forget(entry);
        _entries.Remove(entry.Name);
    }

    private void Remember(Entry entry)
    {
        if (!_shares.TryGetValue(entry.Name.Owner, out Share? share)) _shares.Add(entry.Name.Owner, share = new Share(entry.Name.Owner));
        entry.InAll = _byAge.AddLast(entry);
        entry.InShare = share.ByAge.AddLast(entry);
        Resize(share, entry.Bytes);
    }

    private void Forget(Entry entry)
    {
        if (entry.InAll is null) return;
        Share share = _shares[entry.Name.Owner];
        _byAge.Remove(entry.InAll);
        share.ByAge.Remove(entry.InShare!);
        (entry.InAll, entry.InShare) = (null, null);
        Resize(share, -entry.Bytes);
        if (share.ByAge.Count == 0) _shares.Remove(share.Owner);
    }

    private void Resize(Share share, long bytes)
    {
        _byBytes.Remove(share);
        share.Bytes += bytes;
        Bytes += bytes;
        if (share.Bytes > 0) _byBytes.Add(share);
    }

    /// <summary>A session; without a state while its first request runs.</summary>
    private sealed class Entry(SessionName name)
    {
        public SessionName Name { get; } = name;

        public SessionState? State { get; set; }

        /// <summary>Of the request that has it; null while none has.</summary>
        public string? Token { get; set; }

        public long Bytes => Overhead + State!.Stream.Length;

        public LinkedListNode<Entry>? InAll { get; set; }

        public LinkedListNode<Entry>? InShare { get; set; }
    }

    /// <summary>What one owner has.</summary>
    private sealed class Share(string owner)
    {
        public static readonly IComparer<Share> BySize = Comparer<Share>.Create((one, other) =>
            one.Bytes != other.Bytes ? one.Bytes.CompareTo(other.Bytes) : string.CompareOrdinal(one.Owner, other.Owner));

        public string Owner { get; } = owner;

        public long Bytes { get; set; }

        public LinkedList<Entry> ByAge { get; } = [];
    }
}
