using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph;

/// <summary>Operators that move numbers and change none, and the shapes they are told.</summary>
internal sealed partial class GraphWalk
{
    /// <summary>A value as a shape: computed from shapes, or some whole numbers that the file holds. Null where it is none.</summary>
    private static Value.Shape? AsShape(Value? value) => value switch
    {
        Value.Shape shape => shape,
        Value.Stored { Tensor: { Dims.Count: <= 1 } tensor }
            when Count(tensor) <= LongestShape && TensorContent.Integers(tensor) is { } numbers =>
            new Value.Shape([.. numbers.Select(number => new Size(number))], tensor.Dims.Count == 0),
        _ => null,
    };

    /// <summary>Whether a value is zero whatever its shape.</summary>
    private bool IsZero(Value? value)
    {
        if (value is Value.Zeros) return true;
        if (value is not Value.Stored { Tensor: var tensor }) return false;
        if (!_areZero.TryGetValue(tensor, out bool isZero))
        {
            isZero = TensorContent.Floats(tensor) is { } numbers
                ? !numbers.AsSpan().ContainsAnyExcept(0f)
                : TensorContent.Integers(tensor) is { } whole && !whole.AsSpan().ContainsAnyExcept(0L);
            _areZero.Add(tensor, isZero);
        }

        return isZero;
    }

    private static Value Constant(Node node)
    {
        AttributeProto? attribute = node.Proto.Attribute.Count == 1 ? node.Proto.Attribute[0] : null;
        var whole = new TensorProto { DataType = (int)DataType.Int64 };
        switch (attribute?.Name)
        {
            case "value" when node.Tensor("value") is { } tensor:
                return new Value.Stored(tensor);
            case "value_float":
                return new Value.Stored(new TensorProto { DataType = (int)DataType.Float, FloatData = { node.Number("value_float", 0) } });
            case "value_int":
                whole.Int64Data.Add(node.Integer("value_int", 0));
                return new Value.Stored(whole);
            case "value_ints" when node.Integers("value_ints") is { } numbers:
                whole.Dims.Add(numbers.Length);
                whole.Int64Data.AddRange(numbers);
                return new Value.Stored(whole);
            default:
                throw node.Refuse($"it holds {attribute?.Name ?? "nothing"}", "a value of numbers");
        }
    }

    private Value Dropout(Node node)
    {
        if (At(node, 2) is { } training && Number(training) != 0)
            throw node.Refuse("it is on", "a network for use, exported without training,");
        return Need(node, 0);
    }

    private Value Cast(Node node)
    {
        Value value = Need(node, 0);
        var to = (DataType)node.Integer("to", 0);
        bool toInteger = to is DataType.Int32 or DataType.Int64;
        return value switch
        {
            Value.Stored stored when to == DataType.Float && HoldsFloats(stored.Tensor) => stored with { Converted = true },
            Value.Stored or Value.Shape when toInteger && AsShape(value) is { } shape => shape,
            Value.Stored when to == DataType.Float && Number(value) is not null => value,
            Value.Zeros => value,
            Value.Data { Meaning: Meaning.Given or Meaning.Order or Meaning.Positions } when toInteger || to == DataType.Float => value,
            Value.Data { Meaning: Meaning.Mask or Meaning.Idle } when toInteger || to is DataType.Float or DataType.Bool => value,
            Value.Data when to == DataType.Float => value,
            _ => throw node.Refuse($"it makes {TensorContent.TypeName((int)to)} of {Describe(value)}", "32-bit floats"),
        };
    }

    private static bool HoldsFloats(TensorProto tensor) =>
        (DataType)tensor.DataType is DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16;

    private Value Transpose(Node node)
    {
        Value value = Need(node, 0);
        switch (value)
        {
            case Value.Zeros:
                return value;
            case Value.Stored { Tensor.Dims.Count: 2 } stored:
                return Permutation(2) is [1, 0] ? stored with { Transposed = !stored.Transposed } : stored;
            case Value.Data data:
                return data with { Dims = [.. Permutation(data.Dims.Length).Select(dim => data.Dims[dim])] };
            default:
                throw Misfit(node);
        }

        int[] Permutation(int rank)
        {
            long[] order = node.Integers("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(dim => (long)dim)];
            if (!order.Order().SequenceEqual(Enumerable.Range(0, rank).Select(dim => (long)dim)))
                throw node.Refuse($"perm [{string.Join(", ", order.Take(8))}] of {rank} dimensions", "each of them once");
            return [.. order.Select(dim => (int)dim)];
        }
    }

    private Value Squeeze(Node node)
    {
        Value value = Need(node, 0);
        if (AsShape(value) is { Sizes: [var size] }) return new Value.Shape([size], IsScalar: true);
        if (IsZero(value)) return new Value.Zeros();
        if (value is not Value.Data data) throw Misfit(node);
        int[] dims = Dimensions(node, data.Dims.Length)
            ?? [.. Enumerable.Range(0, data.Dims.Length).Where(dim => data.Dims[dim].Size == 1)];
        foreach (int dim in dims)
        {
            if (data.Dims[dim].Size != 1)
                throw node.Refuse($"dimension {dim} of {Describe(data)} is not known to be 1", "a dimension of 1");
        }

        return data with { Dims = [.. data.Dims.Where((_, dim) => !dims.Contains(dim))] };
    }

    private Value Unsqueeze(Node node)
    {
        Value value = Need(node, 0);
        if (AsShape(value) is { IsScalar: true } shape) return shape with { IsScalar = false };
        if (IsZero(value)) return new Value.Zeros();
        if (value is not Value.Data data) throw Misfit(node);
        long[] axes = Axes(node) ?? throw node.Refuse("no axes", "the axes that it adds");
        if (data.Dims.Length + axes.Length > MostDimensions)
            throw node.Refuse($"{data.Dims.Length + axes.Length} dimensions", $"at most {MostDimensions}");
        List<Extent> dims = [.. data.Dims];
        int rank = dims.Count + axes.Length;
        foreach (int dim in axes.Select(axis => Dimension(node, axis, rank)).Order()) dims.Insert(dim, Extent.One);
        return data with { Dims = [.. dims] };
    }

    private Value Reshape(Node node)
    {
        Value value = Need(node, 0);
        if (AsShape(Need(node, 1)) is not { } target) throw node.Refuse("the new shape is not known", "one made of numbers and dimensions");
        if (AsShape(value) is { } shape && target.Sizes.Length <= 1) return shape with { IsScalar = target.Sizes.Length == 0 };
        if (IsZero(value)) return new Value.Zeros();
        if (value is not Value.Data data) throw Misfit(node);
        bool zeroIsZero = node.Integer("allowzero", 0) != 0 && target.Sizes.Any(size => size.Number == 0);
        Extent[]? dims = zeroIsZero ? null : Reshape(data.Dims, target.Sizes);
        if (dims is null)
            throw node.Refuse($"{Describe(data)} does not take the new shape dimension by dimension", "one that joins or splits them");
        return data with { Dims = dims };
    }

    /// <summary>
    /// Dimensions in another shape, axis by axis from both ends up to the one entry that takes the rest. A number that nothing contradicts
    /// is taken for the size of an axis whose size is not known: the exporter's example had it. Null where axes would be torn apart.
    /// </summary>
    private Extent[]? Reshape(Extent[] dims, Size[] target)
    {
        Axis[] axes = [.. dims.SelectMany(dim => dim.Axes)];
        int from = 0, to = axes.Length, open = Array.FindIndex(target, IsOpen);
        if (target.Count(IsOpen) > 1) return null;
        var result = new Extent[target.Length];
        for (int i = 0; i < (open < 0 ? target.Length : open); i++)
        {
            if (Take(i, first: true) is not { } extent) return null;
            result[i] = extent;
        }

        for (int i = target.Length - 1; i > open && open >= 0; i--)
        {
            if (Take(i, first: false) is not { } extent) return null;
            result[i] = extent;
        }

        if (open >= 0) result[open] = new Extent(axes[from..to]);
        else if (axes[from..to].Any(axis => axis.Size != 1)) return null;
        return result;

        static bool IsOpen(Size size) => size is { Number: -1 } or { Number: null, Of: null };

        Extent? Take(int i, bool first)
        {
            if (target[i].Number is not { } number) return TakeAxes(target[i].Of!, first);
            if (number == 0) return i < dims.Length ? TakeAxes(dims[i], first) : null;
            List<Axis> taken = [];
            if (number == 1)
            {
                if (from < to && Next(first) is { Size: 1, IsSlots: false } one) Move(one, first, taken);
                return new Extent([.. taken]);
            }

            for (long product = 1; product < number;)
            {
                if (from == to) return null;
                Axis next = Next(first);
                if (next.Size is null && product > 1) return null;
                Move(next, first, taken);
                product = next.Size is { } size ? product * size : number;
                if (product > number || product == 0) return null;
            }

            return new Extent([.. taken]);
        }

        Extent? TakeAxes(Extent wanted, bool first)
        {
            while (true)
            {
                int count = wanted.Axes.Length;
                if (count > to - from) return null;
                Axis[] found = first ? axes[from..(from + count)] : axes[(to - count)..to];
                if (_axes.Same(new Extent(found), wanted))
                {
                    if (first) from += count;
                    else to -= count;
                    return new Extent(found);
                }

                if (Next(first).Size != 1) return null;
                Move(Next(first), first, []);
            }
        }

        Axis Next(bool first) => first ? axes[from] : axes[to - 1];

        void Move(Axis axis, bool first, List<Axis> taken)
        {
            taken.Insert(first ? taken.Count : 0, axis);
            if (first) from++;
            else to--;
        }
    }

    private Value.Data Flatten(Node node)
    {
        Value.Data data = NeedData(node, 0);
        int dim = (int)Math.Clamp(node.Integer("axis", 1), -data.Dims.Length, data.Dims.Length);
        if (dim < 0) dim += data.Dims.Length;
        return data with { Dims = [Joined(data.Dims[..dim]), Joined(data.Dims[dim..])] };

        static Extent Joined(Extent[] dims) => new([.. dims.SelectMany(extent => extent.Axes)]);
    }

    private Value.Shape ShapeOf(Node node)
    {
        Size[] sizes = Need(node, 0) switch
        {
            Value.Data data => [.. data.Dims.Select(Size.OfExtent)],
            Value.Stored { Transposed: false } stored => [.. stored.Tensor.Dims.Select(size => new Size(size))],
            Value.Shape shape => shape.IsScalar ? [] : [new Size(shape.Sizes.Length)],
            _ => throw Misfit(node),
        };
        int start = Place(node.Integer("start", 0)), end = Place(node.Integer("end", int.MaxValue));
        return new Value.Shape(start < end ? sizes[start..end] : []);

        int Place(long index) => (int)Math.Clamp(index < 0 ? index + sizes.Length : index, 0, sizes.Length);
    }

    private Value.Zeros ConstantOfShape(Node node)
    {
        if (AsShape(Need(node, 0)) is null) throw Misfit(node);
        if (node.Tensor("value") is { } value && !IsZero(new Value.Stored(value)))
            throw node.Refuse("it fills with other numbers than zero", "zeros");
        return new Value.Zeros();
    }

    private Value.Zeros Expand(Node node)
    {
        Value value = Need(node, 0);
        if (IsZero(value)) return new Value.Zeros();
        if (value is not Value.Stored) throw Misfit(node);
        throw node.Refuse($"it repeats {Describe(value)}, which is not zero", "zeros, at the start of a layer,");
    }

    private Value.Data Range(Node node)
    {
        if (Integer(Need(node, 0)) != 0 || Integer(Need(node, 2)) != 1 || AsShape(Need(node, 1)) is not { Sizes: [{ Of: { } extent }] })
            throw node.Refuse("it counts otherwise than by one from zero to the size of a dimension", "positions");
        return new Value.Data(new Meaning.Positions(), extent);
    }

    private Value Gather(Node node)
    {
        Value from = Need(node, 0), index = Need(node, 1);
        long axis = node.Integer("axis", 0);
        if (index is Value.Data { Meaning: Meaning.Given } ids && from is Value.Stored weight) return Embed(node, weight, ids, axis);
        if (index is Value.Data { Meaning: Meaning.Order order, Dims: [var places] } && from is Value.Data sorted)
        {
            int dim = Dimension(node, axis, sorted.Dims.Length);
            if (!_axes.Same(sorted.Dims[dim], new Extent(order.From)))
                throw node.Refuse($"dimension {dim} of {Describe(sorted)} is not what was sorted", "the batch that its order is of");
            return sorted.Replace(dim, places);
        }

        if (AsShape(from) is { } shape)
        {
            if (Integers(index) is not { } chosen || shape.IsScalar) throw Misfit(node);
            if (chosen.Any(i => i < -shape.Sizes.Length || i >= shape.Sizes.Length))
                throw node.Refuse("it takes a size beyond the shape", "one of it");
            return new Value.Shape([.. chosen.Select(i => shape.Sizes[i < 0 ? i + shape.Sizes.Length : i])], AsShape(index)!.IsScalar);
        }

        if (IsZero(from) && Integers(index) is not null) return new Value.Zeros();
        if (from is Value.Data data && AsShape(index) is { } one && Integer(index) is { } at)
        {
            int dim = Dimension(node, axis, data.Dims.Length);
            Value.Data part = Take(node, data, dim, at, at == -1 ? int.MaxValue : at + 1);
            return one.IsScalar ? part.Replace(dim) : part;
        }

        throw Misfit(node);
    }

    private Value Slice(Node node)
    {
        Value value = Need(node, 0);
        long[] starts = Bounds("starts", 1), ends = Bounds("ends", 2);
        int rank = value switch { Value.Data data => data.Dims.Length, _ when AsShape(value) is not null => 1, _ => MostDimensions };
        long[] axes = node.Integers("axes") ?? (At(node, 3) is { } given ? Integers(given) : null) ?? [.. starts.Select((_, i) => (long)i)];
        if (ends.Length != starts.Length || axes.Length != starts.Length)
            throw node.Refuse("starts, ends and axes differ in number", "one of each");
        if (At(node, 4) is { } steps && (Integers(steps) is not { } each || each.Any(step => step != 1)))
            throw node.Refuse("it leaves steps out", "steps of 1");
        if (IsZero(value) && AsShape(value) is null) return new Value.Zeros();
        for (int i = 0; i < starts.Length; i++)
        {
            int dim = Dimension(node, axes[i], rank);
            if (AsShape(value) is { } shape)
            {
                int from = Place(starts[i], shape.Sizes.Length), to = Place(ends[i], shape.Sizes.Length);
                value = new Value.Shape(from < to ? shape.Sizes[from..to] : []);
            }
            else
            {
                value = value is Value.Data data ? Take(node, data, dim, starts[i], ends[i]) : throw Misfit(node);
            }
        }

        return value;

        long[] Bounds(string name, int input) =>
            node.Integers(name) ?? Integers(At(node, input))
            ?? throw node.Refuse($"{name} that are computed", $"{name} that the file holds");

        static int Place(long index, int length) => (int)Math.Clamp(index < 0 ? index + length : index, 0, length);
    }

    private Value?[] Split(Node node)
    {
        Value value = Need(node, 0);
        if (IsZero(value)) return [.. node.Proto.Output.Select(_ => new Value.Zeros())];
        if (value is not Value.Data data) throw Misfit(node);
        int dim = Dimension(node, node.Integer("axis", 0), data.Dims.Length), parts = node.Proto.Output.Count;
        if (data.Dims[dim].Size is not { } size) throw Misfit(node);
        long[]? sizes = node.Integers("split") ?? (At(node, 1) is { } given ? Integers(given) : null);
        int part = (size + parts - 1) / parts; // the last may be smaller
        sizes ??= [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(size - (long)i * part, 0, part))];
        if (sizes.Length != parts || sizes.Any(one => one <= 0 || one > size) || sizes.Sum() != size)
            throw node.Refuse($"{parts} parts of a dimension of {size} with other sizes together", "a part for each output");
        var results = new Value?[parts];
        long from = 0;
        for (int i = 0; i < parts; i++)
        {
            results[i] = Take(node, data, dim, from, from + sizes[i]);
            from += sizes[i];
        }

        return results;
    }

    private Value Concat(Node node)
    {
        Value[] parts = [.. node.Proto.Input.Select((_, i) => Need(node, i))];
        long axis = node.Integer("axis", 0);
        if (parts.All(part => AsShape(part) is not null))
        {
            Size[] sizes = [.. parts.SelectMany(part => AsShape(part)!.Sizes).Take(LongestShape + 1)];
            if (sizes.Length > LongestShape) throw node.Refuse("it makes a shape too long", $"at most {LongestShape} sizes");
            return new Value.Shape(sizes);
        }

        if (parts.All(IsZero)) return new Value.Zeros();
        Value.Data[] data = [.. parts.OfType<Value.Data>()];
        return data.Length == parts.Length ? Join(node, data, axis) : throw Misfit(node);
    }

    private Value.Shape ReduceProd(Node node)
    {
        if (AsShape(Need(node, 0)) is not { } shape) throw Misfit(node);
        Size product = shape.Sizes.Aggregate(new Size(1), (one, other) => Compute("Mul", one, other));
        return new Value.Shape([product], IsScalar: node.Integer("keepdims", 1) == 0);
    }

    /// <summary>Arithmetic on sizes; null where a value is none.</summary>
    private Value.Shape? Arithmetic(Node node)
    {
        if (AsShape(Need(node, 0)) is not { } one || AsShape(Need(node, 1)) is not { } other) return null;
        int length = Math.Max(one.Sizes.Length, other.Sizes.Length);
        if (one.Sizes.Length != length && one.Sizes.Length != 1 || other.Sizes.Length != length && other.Sizes.Length != 1)
            throw node.Refuse($"{one.Sizes.Length} sizes beside {other.Sizes.Length}", "as many");
        var sizes = new Size[length];
        for (int i = 0; i < length; i++)
            sizes[i] = Compute(node.Op, one.Sizes[one.Sizes.Length == 1 ? 0 : i], other.Sizes[other.Sizes.Length == 1 ? 0 : i]);
        return new Value.Shape(sizes, one.IsScalar && other.IsScalar);
    }

    private static Size Compute(string op, Size one, Size other)
    {
        if (one.Number is { } a && other.Number is { } b)
        {
            Int128 result = op switch
            {
                "Add" => (Int128)a + b,
                "Sub" => (Int128)a - b,
                "Mul" => (Int128)a * b,
                _ => b == 0 ? Int128.MaxValue : (Int128)a / b,
            };
            return new Size(result >= int.MinValue && result <= int.MaxValue ? (long)result : null);
        }

        if (op != "Mul") return new Size(null);
        if (one.Number == 1) return other;
        if (other.Number == 1) return one;
        return one.Of is { } outer && other.Of is { } inner && outer.Axes.Length + inner.Axes.Length <= Extent.MostAxes
            ? Size.OfExtent(outer.Times(inner))
            : new Size(null);
    }

    /// <summary>The dimensions of two values side by side; null where they do not fit.</summary>
    private Extent[]? Broadcast(Extent[] one, Extent[] other)
    {
        var result = new Extent[Math.Max(one.Length, other.Length)];
        for (int i = 1; i <= result.Length; i++)
        {
            Extent a = i <= one.Length ? one[^i] : Extent.One, b = i <= other.Length ? other[^i] : Extent.One;
            if (a.Axes.Length > 0 && b.Axes.Length > 0 && !_axes.Same(a, b)) return null;
            result[^i] = a.Axes.Length > 0 ? a : b;
        }

        return result;
    }
}
