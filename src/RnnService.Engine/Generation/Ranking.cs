using System.Numerics;

namespace RnnService.Engine.Generation;

/// <summary>
/// Indices of values in falling order; ties keep index order. Sorted only as far down as somebody looks, which in a large vocabulary is
/// mostly a few. Its memory is reused. Not thread-safe.
/// </summary>
internal sealed class Ranking
{
    private const int First = 32; // ranks put in order at the first look

    private ulong[] _keys = []; // order of the value, falling, above the index
    private int _sorted;

    /// <summary>Number of ranks.</summary>
    public int Count { get; private set; }

    /// <summary>The index of the value with this rank.</summary>
    public int this[int rank]
    {
        get
        {
            while (rank >= _sorted) SortFurther();
            return (int)(uint)_keys[rank];
        }
    }

    /// <summary>Ranks these values; no number is above all numbers.</summary>
    public void Rank(ReadOnlySpan<float> values)
    {
        if (_keys.Length < values.Length) _keys = new ulong[Math.Max(values.Length, 2 * _keys.Length)];
        for (int i = 0; i < values.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            // The bits of positive floats rise with them, those of negative ones fall.
            uint rising = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
            _keys[i] = ((ulong)~rising << 32) | (uint)i;
        }

        (Count, _sorted) = (values.Length, 0);
    }

    /// <summary>Leaves only the first <paramref name="count"/> ranks.</summary>
    public void Keep(int count)
    {
        if (count >= Count) return;
        if (count > _sorted) Select(_keys.AsSpan(_sorted, Count - _sorted), count - _sorted);
        (Count, _sorted) = (count, Math.Min(count, _sorted));
    }

    /// <summary>The sum of these values over all ranks, in an order that only the values decide.</summary>
    public double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (ulong key in _keys.AsSpan(0, Count)) sum += values[(int)(uint)key];
        return sum;
    }

    private void SortFurther()
    {
        int next = Math.Min(Count, Math.Max(First, 2 * _sorted));
        Span<ulong> rest = _keys.AsSpan(_sorted, Count - _sorted);
        Select(rest, next - _sorted);
        rest[..(next - _sorted)].Sort();
        _sorted = next;
    }

    /// <summary>Brings the <paramref name="count"/> smallest keys to the front, in any order (Hoare's selection).</summary>
    private static void Select(Span<ulong> keys, int count)
    {
        int from = 0, to = keys.Length - 1, limit = 4 * BitOperations.Log2((uint)keys.Length + 1);
        while (count > from && count <= to)
        {
            // A row of bad pivots ends in a sort, so that no values cost a square of their number.
            if (--limit < 0)
            {
                keys[from..(to + 1)].Sort();
                return;
            }

            ulong a = keys[from], b = keys[from + (to - from) / 2], c = keys[to];
            ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int left = from, right = to;
            while (left <= right)
            {
                while (keys[left] < pivot) left++;
                while (keys[right] > pivot) right--;
                if (left > right) break;
                (keys[left], keys[right]) = (keys[right], keys[left]);
                left++;
                right--;
            }

            if (count <= right) to = right;
            else if (count >= left) from = left;
            else return;
        }
    }
}
