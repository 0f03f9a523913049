using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>
/// Dimensions in another shape, axis by axis from both ends up to the one entry that takes the rest. A number that nothing contradicts is
/// taken for the size of an axis whose size is not known: the exporter's example had it. Used once.
/// </summary>
internal sealed class Reshaping(AxisSet axes, Dimension[] dims, ShapeEntry[] target)
{
    private readonly Axis[] _all = [.. dims.SelectMany(dim => dim.Axes)];
    private int _from, _to = dims.Sum(dim => dim.Axes.Length); // what no entry has taken

    /// <summary>The new dimensions; null where axes would be torn apart.</summary>
    public Dimension[]? Result()
    {
        if (target.Count(IsOpen) > 1) return null;
        int open = Array.FindIndex(target, IsOpen);
        var result = new Dimension[target.Length];
        for (int i = 0; i < (open < 0 ? target.Length : open); i++)
        {
            if (Take(i, first: true) is not { } dimension) return null;
            result[i] = dimension;
        }

        for (int i = target.Length - 1; i > open && open >= 0; i--)
        {
            if (Take(i, first: false) is not { } dimension) return null;
            result[i] = dimension;
        }

        if (open >= 0) result[open] = new Dimension(_all[_from.._to]);
        else if (_all[_from.._to].Any(axis => axis.Size != 1)) return null;
        return result;
    }

    private static bool IsOpen(ShapeEntry entry) => entry is { Number: -1 } or { Number: null, Of: null };

    private Dimension? Take(int i, bool first)
    {
        if (target[i].Number is not { } number) return TakeAxes(target[i].Of!, first);
        if (number == 0) return i < dims.Length ? TakeAxes(dims[i], first) : null;
        List<Axis> taken = [];
        if (number == 1)
        {
            if (_from < _to && Next(first) is { Size: 1, IsDirections: false } one) Move(one, first, taken);
            return new Dimension([.. taken]);
        }

        for (long product = 1; product < number;)
        {
            if (_from == _to) return null;
            Axis next = Next(first);
            if (next.Size is null && product > 1) return null;
            Move(next, first, taken);
            product = next.Size is { } size ? product * size : number;
            if (product > number || product == 0) return null;
        }

        return new Dimension([.. taken]);
    }

    private Dimension? TakeAxes(Dimension sought, bool first)
    {
        while (true)
        {
            int count = sought.Axes.Length;
            if (count > _to - _from) return null;
            Axis[] found = first ? _all[_from..(_from + count)] : _all[(_to - count).._to];
            if (axes.Same(new Dimension(found), sought))
            {
                if (first) _from += count;
                else _to -= count;
                return new Dimension(found);
            }

            if (Next(first).Size != 1) return null;
            Move(Next(first), first, []);
        }
    }

    private Axis Next(bool first) => first ? _all[_from] : _all[_to - 1];

    private void Move(Axis axis, bool first, List<Axis> taken)
    {
        taken.Insert(first ? taken.Count : 0, axis);
        if (first) _from++;
        else _to--;
    }
}
