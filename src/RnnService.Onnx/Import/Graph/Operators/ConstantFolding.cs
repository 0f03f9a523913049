using System.Buffers.Binary;
using Google.Protobuf;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Graph.Symbols;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>
/// Computes operators on tensors that the file holds, as exporters leave them that fold no constants: PyTorch up to 1.4 reorders the gates
/// of every layer with Slice, Concat and Unsqueeze; a weight norm is left as its formula. What is folded takes a few times the file's size
/// and no more, which an optimiser that computes constants does not promise.
/// </summary>
internal sealed class ConstantFolding(GraphContext graph)
{
    /// <summary>The operators that are folded.</summary>
    public static readonly IReadOnlyList<string> Operators =
    [
        "Slice", "Concat", "Unsqueeze", "Squeeze", "Reshape", "Split", "Transpose", "Gather", "Expand", "Add", "Sub", "Mul", "Div", "Neg",
        "Sqrt", "Exp", "Reciprocal", "Abs", "ReduceSum", "ReduceL2",
    ];

    private readonly Dictionary<TensorProto, float[]> _read = new(ReferenceEqualityComparer.Instance);
    private long _folded;

    // Floats in all.
    private long Most => (1L << 20) + 8 * graph.File.Model.Graph.Initializer.Sum(Constants.Count);

    /// <summary>The outputs of a node that reads nothing but tensors of floats; null where it is none.</summary>
    public SymbolicValue?[]? Fold(GraphNode node)
    {
        if (!Operators.Contains(node.Op)) return null;
        int tensors = node.Op is "Concat" ? node.Proto.Input.Count : node.Op is "Add" or "Sub" or "Mul" or "Div" ? 2 : 1;
        var read = new List<SymbolicValue.Constant>();
        for (int i = 0; i < tensors; i++)
        {
            if (node.At(i) is not SymbolicValue.Constant constant || !ElementTypes.IsFloat(constant.Tensor.DataType)) return null;
            read.Add(constant);
        }

        // A matrix that is transposed is kept as it is; zeros are zeros whatever is made of their shape.
        if (read.Count == 0 || read.All(constant => constant.Tensor.Dims.Count == 0)) return null;
        if (node.Op == "Transpose" && read[0].Tensor.Dims.Count == 2 || node.Op == "Expand" && graph.IsZero(read[0])) return null;
        Spend(node, read.Sum(constant => Constants.Count(constant.Tensor)));
        FoldedTensor[] values = [.. read.Select(Content)];
        return Compute(node, values) is { } folded ? [.. folded.Select(Store)] : null;
    }

    private IEnumerable<FoldedTensor>? Compute(GraphNode node, FoldedTensor[] values)
    {
        FoldedTensor first = values[0];
        switch (node.Op)
        {
            case "Unsqueeze":
                return node.Axes() is { } added ? One(first.Unsqueezed(added)) : null;
            case "Squeeze":
                return One(first.Squeezed(node.Dimensions(first.Dims.Length)));
            case "Reshape":
                return Constants.Integers(node.At(1)) is { } shape ? One(first.Reshaped(shape)) : null;
            case "Transpose":
                return One(first.Transposed(node.Permutation(first.Dims.Length)));
            case "Concat":
                return One(FoldedTensor.Joined(values, node.Dimension(node.Integer("axis", 0), first.Dims.Length)));
            case "Slice":
                return One(Sliced(node, first));
            case "Split":
                return Split(node, first);
            case "Gather":
                if (Constants.Integers(node.At(1)) is not { } chosen) return null;
                int from = node.Dimension(node.Integer("axis", 0), first.Dims.Length);
                Spend(node, (long)chosen.Length * first.Values.Length / Math.Max(1, first.Dims[from]));
                return One(first.Gathered(from, chosen, isScalar: Constants.AsShape(node.At(1))!.IsScalar));
            case "Expand":
                if (Constants.Integers(node.At(1)) is not { } wider || wider.Any(size => size is < 1 or > int.MaxValue)) return null;
                return Combined(node, first, FoldedTensor.Ones([.. wider.Select(size => (int)size)]), (one, _) => one);
            case "Add":
                return Combined(node, first, values[1], (one, other) => one + other);
            case "Sub":
                return Combined(node, first, values[1], (one, other) => one - other);
            case "Mul":
                return Combined(node, first, values[1], (one, other) => one * other);
            case "Div":
                return Combined(node, first, values[1], (one, other) => one / other);
            case "Neg":
                return One(first.Mapped(value => -value));
            case "Sqrt":
                return One(first.Mapped(MathF.Sqrt));
            case "Exp":
                return One(first.Mapped(MathF.Exp));
            case "Reciprocal":
                return One(first.Mapped(value => 1 / value));
            case "Abs":
                return One(first.Mapped(MathF.Abs));
            default:
                int[] dims = node.Dimensions(first.Dims.Length) ?? [.. Enumerable.Range(0, first.Dims.Length)];
                return One(first.Summed(dims, node.Integer("keepdims", 1) != 0, squares: node.Op == "ReduceL2"));
        }
    }

    private static IEnumerable<FoldedTensor>? One(FoldedTensor? result) => result is null ? null : [result];

    private IEnumerable<FoldedTensor>? Combined(GraphNode node, FoldedTensor one, FoldedTensor other, Func<float, float, float> combine)
    {
        if (FoldedTensor.Broadcast(one.Dims, other.Dims) is not { } dims) return null;
        Spend(node, dims.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue)));
        return [one.Combined(other, dims, combine)];
    }

    private static FoldedTensor? Sliced(GraphNode node, FoldedTensor tensor)
    {
        long[]? starts = node.Integers("starts") ?? Constants.Integers(node.At(1)), ends = node.Integers("ends") ?? Constants.Integers(node.At(2));
        bool skips = node.At(4) is { } steps && (Constants.Integers(steps) is not { } each || each.Any(step => step != 1));
        if (starts is null || ends is null || skips) return null;
        long[] axes = node.Integers("axes") ?? (node.At(3) is { } given ? Constants.Integers(given) : null) ?? [.. starts.Select((_, i) => (long)i)];
        if (ends.Length != starts.Length || axes.Length != starts.Length) return null;
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = node.Dimension(axes[i], tensor.Dims.Length), size = tensor.Dims[axis];
            tensor = tensor.Piece(axis, Place(starts[i], size), Place(ends[i], size));
        }

        return tensor;

        static int Place(long index, int size) => (int)Math.Clamp(index < 0 ? index + size : index, 0, size);
    }

    private static IEnumerable<FoldedTensor>? Split(GraphNode node, FoldedTensor tensor)
    {
        int axis = node.Dimension(node.Integer("axis", 0), tensor.Dims.Length), size = tensor.Dims[axis];
        long[] sizes = Partition.Sizes(node, size);
        if (sizes.Length != node.Proto.Output.Count || sizes.Any(one => one < 0 || one > size) || sizes.Sum() != size) return null;
        int from = 0;
        return [.. sizes.Select(one => tensor.Piece(axis, from, from += (int)one))];
    }

    private void Spend(GraphNode node, long floats)
    {
        if (_folded + floats > Most)
            throw node.Refuse("it makes too much of the file's tensors", "tensors that are stored as the layers need them");
        _folded += floats;
    }

    private FoldedTensor Content(SymbolicValue.Constant constant)
    {
        if (!_read.TryGetValue(constant.Tensor, out float[]? values)) _read.Add(constant.Tensor, values = TensorContent.Floats(constant.Tensor)!);
        var tensor = new FoldedTensor(constant.Sizes, values, constant.Tensor.Name);
        return constant.Transposed ? tensor.Transposed([1, 0]) : tensor;
    }

    private static SymbolicValue Store(FoldedTensor tensor)
    {
        var proto = new TensorProto { Name = tensor.Name, DataType = (int)DataType.Float };
        proto.Dims.AddRange(tensor.Dims.Select(dim => (long)dim));
        byte[] bytes = new byte[tensor.Values.Length * sizeof(float)];
        for (int i = 0; i < tensor.Values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), tensor.Values[i]);
        proto.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        return new SymbolicValue.Constant(proto);
    }
}
