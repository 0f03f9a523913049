namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Floats with their shape, row-major, and what ONNX's operators make of them.</summary>
internal sealed record FoldedTensor(int[] Dims, float[] Values, string Name)
{
    /// <summary>A tensor that only has a shape, to be broadcast with; its values are not to be read.</summary>
    public static FoldedTensor Ones(int[] dims) => new(dims, [], "");

    /// <summary>The shape of an elementwise combination; null where there is none.</summary>
    public static int[]? Broadcast(int[] one, int[] other)
    {
        int[] result = new int[Math.Max(one.Length, other.Length)];
        for (int i = 1; i <= result.Length; i++)
        {
            int a = i <= one.Length ? one[^i] : 1, b = i <= other.Length ? other[^i] : 1;
            if (a != b && a != 1 && b != 1) return null;
            result[^i] = a == 1 ? b : a;
        }

        return result;
    }

    /// <summary>This tensor and another, element by element.</summary>
    public FoldedTensor Combined(FoldedTensor other, int[] dims, Func<float, float, float> combine)
    {
        float[] values = new float[dims.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = combine(Values[Place(i, Dims, dims)], other.Values.Length == 0 ? 0 : other.Values[Place(i, other.Dims, dims)]);
        return new FoldedTensor(dims, values, Name);
    }

    public FoldedTensor Mapped(Func<float, float> map) => this with { Values = Array.ConvertAll(Values, value => map(value)) };

    public FoldedTensor? Unsqueezed(long[] axes)
    {
        int rank = Dims.Length + axes.Length;
        if (rank > ShapeOperators.MostDimensions || axes.Any(axis => axis < -rank || axis >= rank)) return null;
        List<int> result = [.. Dims];
        foreach (long axis in axes.Select(axis => axis < 0 ? axis + rank : axis).Order()) result.Insert((int)Math.Min(axis, result.Count), 1);
        return this with { Dims = [.. result] };
    }

    public FoldedTensor? Squeezed(int[]? axes)
    {
        axes ??= [.. Enumerable.Range(0, Dims.Length).Where(i => Dims[i] == 1)];
        return axes.All(axis => Dims[axis] == 1) ? this with { Dims = [.. Dims.Where((_, i) => !axes.Contains(i))] } : null;
    }

    public FoldedTensor? Reshaped(long[] shape)
    {
        if (shape.Length > ShapeOperators.MostDimensions || shape.Any(size => size is < -1 or > int.MaxValue)) return null;
        long[] sizes = [.. shape.Select((size, i) => size == 0 && i < Dims.Length ? Dims[i] : size)];
        long known = Product(sizes.Where(size => size != -1));
        if (sizes.Count(size => size == -1) == 1 && known > 0 && Values.Length % known == 0) sizes[Array.IndexOf(sizes, -1)] = Values.Length / known;
        return sizes.All(size => size >= 0) && Product(sizes) == Values.Length ? this with { Dims = [.. sizes.Select(size => (int)size)] } : null;

        static long Product(IEnumerable<long> sizes) => sizes.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue));
    }

    public FoldedTensor Transposed(int[] order)
    {
        int rank = Dims.Length;
        int[] dims = [.. order.Select(dim => Dims[dim])];
        long[] strides = new long[rank];
        long stride = 1;
        for (int i = rank - 1; i >= 0; stride *= Dims[i--]) strides[i] = stride;
        float[] values = new float[Values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            long rest = i, from = 0;
            for (int dim = rank - 1; dim >= 0; rest /= dims[dim--]) from += rest % dims[dim] * strides[order[dim]];
            values[i] = Values[from];
        }

        return this with { Dims = dims, Values = values };
    }

    /// <summary>Tensors one after the other along an axis; null where they do not fit.</summary>
    public static FoldedTensor? Joined(FoldedTensor[] parts, int axis)
    {
        int[] dims = [.. parts[0].Dims];
        bool fit = parts.All(part => part.Dims.Length == dims.Length && part.Dims.Where((_, i) => i != axis).SequenceEqual(dims.Where((_, i) => i != axis)));
        if (!fit) return null;
        dims[axis] = parts.Sum(part => part.Dims[axis]);
        float[] values = new float[parts.Sum(part => part.Values.Length)];
        int at = 0, outer = parts[0].Outer(axis);
        for (int row = 0; row < outer; row++)
        {
            foreach (FoldedTensor part in parts)
            {
                int length = part.Values.Length / outer;
                part.Values.AsSpan(row * length, length).CopyTo(values.AsSpan(at));
                at += length;
            }
        }

        return parts[0] with { Dims = dims, Values = values };
    }

    /// <summary>What lies from one index of an axis to another.</summary>
    public FoldedTensor Piece(int axis, int from, int to)
    {
        to = Math.Max(from, to);
        int outer = Outer(axis), size = Dims[axis], inner = outer * size == 0 ? 0 : Values.Length / (outer * size);
        float[] values = new float[outer * (to - from) * inner];
        for (int row = 0; row < outer; row++)
            Values.AsSpan((row * size + from) * inner, (to - from) * inner).CopyTo(values.AsSpan(row * (to - from) * inner));
        return this with { Dims = [.. Dims[..axis], to - from, .. Dims[(axis + 1)..]], Values = values };
    }

    /// <summary>Chosen indices of an axis; null where one is outside.</summary>
    public FoldedTensor? Gathered(int axis, long[] chosen, bool isScalar)
    {
        int size = Dims[axis];
        if (chosen.Any(index => index < -size || index >= size)) return null;
        FoldedTensor[] pieces = [.. chosen.Select(index => (int)(index < 0 ? index + size : index)).Select(index => Piece(axis, index, index + 1))];
        if (pieces.Length == 0 || Joined(pieces, axis) is not { } joined) return null;
        return isScalar ? joined with { Dims = [.. joined.Dims[..axis], .. joined.Dims[(axis + 1)..]] } : joined;
    }

    /// <summary>Sums over dimensions, or the roots of the sums of squares.</summary>
    public FoldedTensor Summed(int[] axes, bool keepDims, bool squares)
    {
        int[] kept = [.. Dims.Select((size, dim) => axes.Contains(dim) ? 1 : size)];
        double[] sums = new double[kept.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < Values.Length; i++)
        {
            int rest = i, place = 0, stride = 1;
            for (int dim = Dims.Length - 1; dim >= 0; rest /= Dims[dim--])
            {
                place += kept[dim] == 1 ? 0 : rest % Dims[dim] * stride;
                stride *= kept[dim];
            }

            sums[place] += squares ? (double)Values[i] * Values[i] : Values[i];
        }

        int[] dims = keepDims ? kept : [.. kept.Where((_, dim) => !axes.Contains(dim))];
        return this with { Dims = dims, Values = Array.ConvertAll(sums, sum => (float)(squares ? Math.Sqrt(sum) : sum)) };
    }

    // Where an element of a broadcast shape stands in a tensor of another shape.
    private static int Place(int index, int[] own, int[] dims)
    {
        int place = 0, stride = 1;
        for (int dim = 1; dim <= own.Length; index /= dims[^dim++])
        {
            place += own[^dim] == 1 ? 0 : index % dims[^dim] * stride;
            stride *= own[^dim];
        }

        return place;
    }

    private int Outer(int axis) => Dims[..axis].Aggregate(1, (product, size) => product * size);
}
