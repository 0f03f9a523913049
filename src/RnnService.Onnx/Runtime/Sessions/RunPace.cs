using System.Globalization;
using RnnService.Engine.Networks;

namespace RnnService.Onnx.Runtime.Sessions;

/// <summary>
/// Keeps the runs of a graph short. ONNX Runtime ends a run between two operators, and one operator may take minutes for a long text: so a
/// length that was never computed is approached by doubling, and is refused when the last doubling tells that it takes too long. What was
/// ended once is refused at once, with half a margin, until a pause is over that doubles with every end. Thread-safe.
/// </summary>
internal sealed class RunPace(TimeSpan longest, TimeProvider time)
{
    private const double LeastGrowth = 2, MostGrowth = 16, Unknown = 8; // of the time when the length doubles: linear to the fourth power
    private const int MostDoublings = 8;

    private readonly Lock _lock = new();
    private int _proven = 256; // about the longest of the trials when the graph was opened
    private int _refusedFrom = int.MaxValue, _ends;
    private TimeSpan _last; // how long the longest proven length took
    private double _growth = Unknown;
    private DateTimeOffset _refusedUntil;

    /// <summary>The next length to try on the way to a length; null where it can be run as it is.</summary>
    /// <exception cref="NetworkException">It would take too long.</exception>
    public int? NextOnTheWayTo(int length)
    {
        lock (_lock)
        {
            if (length >= _refusedFrom)
            {
                if (time.GetUtcNow() < _refusedUntil) throw TooLong(length);
                _refusedFrom = int.MaxValue;
            }

            if (length <= _proven) return null;
            int next = (int)Math.Min(2L * _proven, length);
            double seconds = _last.TotalSeconds * Math.Pow(_growth, Math.Log2((double)next / _proven));
            if (seconds > longest.TotalSeconds)
            {
                Refuse(_proven + 1);
                throw TooLong(length);
            }

            return next < length ? next : null;
        }
    }

    /// <summary>Rows of a length were computed.</summary>
    public void Computed(int length, TimeSpan took, bool alone)
    {
        lock (_lock)
        {
            if (length <= _proven) return;
            double doublings = Math.Log2((double)length / _proven);
            if (_last > TimeSpan.Zero && alone && doublings > 0.5)
                _growth = Math.Clamp(Math.Pow(took / _last, 1 / doublings), LeastGrowth, MostGrowth);
            (_proven, _last) = (length, took);
        }
    }

    /// <summary>A run was ended.</summary>
    /// <returns>What to say.</returns>
    public NetworkException Ended(int length, int rows)
    {
        lock (_lock)
        {
            // Of several rows each may be fast enough alone; whoever asked asks for each again.
            if (rows == 1) Refuse(Math.Max(1, length / 2));
            return TooLong(length);
        }
    }

    private void Refuse(int from)
    {
        _refusedFrom = Math.Min(_refusedFrom, from);
        _proven = Math.Min(_proven, from);
        _refusedUntil = time.GetUtcNow() + (longest * (10 << Math.Min(_ends++, MostDoublings)));
    }

    private NetworkException TooLong(int length) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"the graph takes longer than {longest.TotalSeconds:0.###} s for a text of {length} tokens; expected ")
        + (_refusedFrom is > 1 and < int.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"fewer than {_refusedFrom}, which are still computed")
            : "a graph that computes it sooner"));
}
