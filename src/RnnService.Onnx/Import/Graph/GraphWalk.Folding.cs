using System.Buffers.Binary;
using Google.Protobuf;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph;

/// <summary>
/// Operators on tensors that the file holds, as exporters leave them that fold no constants: PyTorch up to 1.4 reorders the gates of every
/// layer with Slice, Concat and Unsqueeze. What is folded takes a few times the file's size and no more.
/// </summary>
internal sealed partial class GraphWalk
{
    private readonly Dictionary<TensorProto, float[]> _foldedFrom = new(ReferenceEqualityComparer.Instance);
    private long _folded;

    // Floats in all.
    private long MostFolded => (1L << 20) + 8 * Graph.Initializer.Sum(Count);

    /// <summary>The outputs of a node that only moves or joins tensors of floats; null where it is none.</summary>
    private Value?[]? Fold(Node node)
    {
        if (node.Op is not ("Slice" or "Concat" or "Unsqueeze" or "Squeeze" or "Reshape" or "Split" or "Transpose" or "Add")) return null;
        int tensors = node.Op is "Concat" or "Add" ? node.Proto.Input.Count : 1;
        var read = new List<Value.Stored>();
        for (int i = 0; i < tensors; i++)
        {
            if (At(node, i) is not Value.Stored { Tensor: { Dims.Count: >= 1 } tensor } stored || !HoldsFloats(tensor)) return null;
            read.Add(stored);
        }

        if (read.Count == 0) return null;

        // A matrix that is turned round stays what it is, only turned.
        if (node.Op == "Transpose" && read[0].Tensor.Dims.Count == 2) return null;
        long size = read.Sum(stored => Count(stored.Tensor));
        if (_folded + size > MostFolded) throw node.Refuse("it makes too much of the file's tensors", "tensors that are stored as the layers need them");
        _folded += size;
        Numbers[] constants = [.. read.Select(Content)];
        Numbers first = constants[0];
        IEnumerable<Numbers>? folded = node.Op switch
        {
            "Unsqueeze" => Axes(node) is { } axes && Unsqueezed(first.Dims, axes) is { } dims ? [first with { Dims = dims }] : null,
            "Squeeze" => Squeezed(node, first),
            "Reshape" => Integers(At(node, 1)) is { } shape && Reshaped(first, shape) is { } dims ? [first with { Dims = dims }] : null,
            "Transpose" => Turned(node, first),
            "Concat" => Joined(constants, node.Integer("axis", 0)),
            "Slice" => Sliced(node, first),
            "Split" => Parted(node, first),
            _ => constants is [_, var other] && first.Dims.SequenceEqual(other.Dims)
                ? [first with { Values = [.. first.Values.Zip(other.Values, (one, two) => one + two)] }]
                : null,
        };
        return folded is null ? null : [.. folded.Select(Store)];
    }

    private Numbers Content(Value.Stored stored)
    {
        if (!_foldedFrom.TryGetValue(stored.Tensor, out float[]? values))
            _foldedFrom.Add(stored.Tensor, values = TensorContent.Floats(stored.Tensor)!);
        int[] dims = [.. stored.Tensor.Dims.Select(dim => (int)dim)];
        if (stored.Transposed)
        {
            (int rows, int columns) = (dims[0], dims[1]);
            float[] turned = new float[values.Length];
            for (int i = 0; i < values.Length; i++) turned[i % columns * rows + i / columns] = values[i];
            (dims, values) = ([columns, rows], turned);
        }

        return new Numbers(dims, values, stored.Tensor.Name);
    }

    private static Value Store(Numbers constant)
    {
        var tensor = new TensorProto { Name = constant.Name, DataType = (int)DataType.Float };
        tensor.Dims.AddRange(constant.Dims.Select(dim => (long)dim));
        byte[] bytes = new byte[constant.Values.Length * sizeof(float)];
        for (int i = 0; i < constant.Values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), constant.Values[i]);
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        return new Value.Stored(tensor);
    }

    private static int[]? Unsqueezed(int[] dims, long[] axes)
    {
        int rank = dims.Length + axes.Length;
        if (rank > MostDimensions || axes.Any(axis => axis < -rank || axis >= rank)) return null;
        List<int> result = [.. dims];
        foreach (long axis in axes.Select(axis => axis < 0 ? axis + rank : axis).Order()) result.Insert((int)Math.Min(axis, result.Count), 1);
        return [.. result];
    }

    private Numbers[]? Squeezed(Node node, Numbers constant)
    {
        int[] axes = Dimensions(node, constant.Dims.Length) ?? [.. Enumerable.Range(0, constant.Dims.Length).Where(i => constant.Dims[i] == 1)];
        return axes.All(axis => constant.Dims[axis] == 1)
            ? [constant with { Dims = [.. constant.Dims.Where((_, i) => !axes.Contains(i))] }]
            : null;
    }

    private static int[]? Reshaped(Numbers constant, long[] shape)
    {
        if (shape.Length > MostDimensions || shape.Any(size => size is < -1 or > int.MaxValue)) return null;
        long[] sizes = [.. shape.Select((size, i) => size == 0 && i < constant.Dims.Length ? constant.Dims[i] : size)];
        long known = sizes.Where(size => size != -1).Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue));
        if (sizes.Count(size => size == -1) == 1 && known > 0 && constant.Values.Length % known == 0)
            sizes[Array.IndexOf(sizes, -1)] = constant.Values.Length / known;
        return sizes.All(size => size >= 0) && sizes.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue)) == constant.Values.Length
            ? [.. sizes.Select(size => (int)size)]
            : null;
    }

    private static Numbers[]? Turned(Node node, Numbers constant)
    {
        int rank = constant.Dims.Length;
        long[] order = node.Integers("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(dim => (long)dim)];
        if (!order.Order().SequenceEqual(Enumerable.Range(0, rank).Select(dim => (long)dim))) return null;
        int[] dims = [.. order.Select(dim => constant.Dims[dim])];
        long[] strides = new long[rank];
        long stride = 1;
        for (int i = rank - 1; i >= 0; stride *= constant.Dims[i--]) strides[i] = stride;
        float[] values = new float[constant.Values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            long rest = i, from = 0;
            for (int dim = rank - 1; dim >= 0; rest /= dims[dim--]) from += rest % dims[dim] * strides[order[dim]];
            values[i] = constant.Values[from];
        }

        return [constant with { Dims = dims, Values = values }];
    }

    private static Numbers[]? Joined(Numbers[] parts, long axis)
    {
        int[] dims = [.. parts[0].Dims];
        if (axis < 0) axis += dims.Length;
        if (axis < 0 || axis >= dims.Length) return null;
        bool fit = parts.All(part => part.Dims.Length == dims.Length && part.Dims.Where((_, i) => i != axis).SequenceEqual(dims.Where((_, i) => i != axis)));
        if (!fit) return null;
        int outer = 1;
        for (int i = 0; i < axis; i++) outer *= dims[i];
        dims[axis] = parts.Sum(part => part.Dims[axis]);
        float[] values = new float[parts.Sum(part => part.Values.Length)];
        int at = 0;
        for (int row = 0; row < outer; row++)
        {
            foreach (Numbers part in parts)
            {
                int length = part.Values.Length / outer;
                part.Values.AsSpan(row * length, length).CopyTo(values.AsSpan(at));
                at += length;
            }
        }

        return [parts[0] with { Dims = dims, Values = values }];
    }

    private Numbers[]? Sliced(Node node, Numbers constant)
    {
        long[]? starts = node.Integers("starts") ?? Integers(At(node, 1)), ends = node.Integers("ends") ?? Integers(At(node, 2));
        if (starts is null || ends is null || At(node, 4) is { } steps && (Integers(steps) is not { } each || each.Any(step => step != 1))) return null;
        long[] axes = node.Integers("axes") ?? (At(node, 3) is { } given ? Integers(given) : null) ?? [.. starts.Select((_, i) => (long)i)];
        if (ends.Length != starts.Length || axes.Length != starts.Length) return null;
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = Dimension(node, axes[i], constant.Dims.Length), size = constant.Dims[axis];
            constant = Piece(constant, axis, Place(starts[i], size), Place(ends[i], size));
        }

        return [constant];

        static int Place(long index, int size) => (int)Math.Clamp(index < 0 ? index + size : index, 0, size);
    }

    private Numbers[]? Parted(Node node, Numbers constant)
    {
        int axis = Dimension(node, node.Integer("axis", 0), constant.Dims.Length), size = constant.Dims[axis], parts = node.Proto.Output.Count;
        int part = parts == 0 ? 0 : (size + parts - 1) / parts;
        long[] sizes = node.Integers("split") ?? (At(node, 1) is { } given ? Integers(given) : null)
            ?? [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(size - (long)i * part, 0, part))];
        if (sizes.Length != parts || sizes.Any(one => one < 0 || one > size) || sizes.Sum() != size) return null;
        int from = 0;
        return [.. sizes.Select(one => Piece(constant, axis, from, from += (int)one))];
    }

    private static Numbers Piece(Numbers constant, int axis, int from, int to)
    {
        to = Math.Max(from, to);
        int outer = 1, size = constant.Dims[axis];
        for (int i = 0; i < axis; i++) outer *= constant.Dims[i];
        int inner = outer * size == 0 ? 0 : constant.Values.Length / (outer * size);
        float[] values = new float[outer * (to - from) * inner];
        for (int row = 0; row < outer; row++)
            constant.Values.AsSpan((row * size + from) * inner, (to - from) * inner).CopyTo(values.AsSpan(row * (to - from) * inner));
        int[] dims = [.. constant.Dims];
        dims[axis] = to - from;
        return constant with { Dims = dims, Values = values };
    }

    /// <summary>Numbers with their shape.</summary>
    private sealed record Numbers(int[] Dims, float[] Values, string Name);
}
