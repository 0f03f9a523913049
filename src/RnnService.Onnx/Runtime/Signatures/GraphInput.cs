using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>An input of a role: its name, its element type and its declared sizes, null where they may vary.</summary>
internal sealed record GraphInput(string Name, DataType Type, int?[] Sizes)
{
    /// <summary>Whether it takes whole numbers.</summary>
    public bool IsWhole => ElementTypes.IsWhole((int)Type);

    /// <summary>Whether it takes floating-point numbers that a value can be made of.</summary>
    public bool IsFloat => Type is DataType.Float or DataType.Double;

    /// <summary>The largest whole number that it takes exactly, as far as an id can be.</summary>
    public int Largest => Type switch
    {
        DataType.Int8 => sbyte.MaxValue,
        DataType.Uint8 => byte.MaxValue,
        DataType.Int16 => short.MaxValue,
        DataType.Uint16 => ushort.MaxValue,
        DataType.Float => 1 << 24,
        _ => int.MaxValue,
    };

    /// <summary>Whether the name is one that lengths of sequences have.</summary>
    public bool IsCalledLengths => Has("len", "seq_l", "sizes", "num_tok", "n_tok");

    /// <summary>Whether the name is one that a mask of the real tokens has.</summary>
    public bool IsCalledMask => Has("mask", "attention");

    /// <summary>Whether the name is one of the numbers of a text's segments, which are 0 for a single text.</summary>
    public bool IsCalledSegments => Has("token_type", "segment");

    /// <summary>Whether the name says that the mask marks the padding, as PyTorch's <c>key_padding_mask</c>.</summary>
    public bool IsCalledPadding => Has("pad");

    /// <summary>Whether the name is one that states to start from have.</summary>
    public bool IsCalledState => Has("state", "hidden", "h_0", "c_0", "h0", "c0");

    /// <summary>Whether it may have the sizes of another.</summary>
    public bool MayLieAs(GraphInput other) => Sizes.Length == other.Sizes.Length
        && Sizes.Zip(other.Sizes).All(pair => pair.First is null || pair.Second is null || pair.First == pair.Second)
        && Sizes.Zip(other.Sizes).All(pair => pair is not (1, null));

    /// <summary>The inputs of a graph that are to be filled in: older files list tensors among them, as their defaults.</summary>
    /// <exception cref="OnnxFormatException">While enumerating: one is no tensor with a shape.</exception>
    public static IEnumerable<GraphInput> AllOf(OnnxFile file)
    {
        HashSet<string> tensors = [.. file.Model.Graph.Initializer.Select(tensor => tensor.Name)];
        foreach (ValueInfoProto value in file.Model.Graph.Input.Where(value => !tensors.Contains(value.Name)))
        {
            if (value.Type?.TensorType is not { Shape: { } shape } type)
                throw file.Refuse($"input {Quote(value.Name)}", "no tensor with a shape found; expected one");
            yield return new GraphInput(value.Name, (DataType)type.ElemType, SizesOf(shape));
        }
    }

    /// <summary>Sizes of a declared shape.</summary>
    public static int?[] SizesOf(TensorShapeProto shape) =>
        [.. shape.Dim.Select(dimension => dimension.HasDimValue ? (int?)dimension.DimValue : null)];

    /// <summary>Type and shape, for messages.</summary>
    public string Show()
    {
        const int most = 6;
        string sizes = string.Join(',', Sizes.Take(most).Select(size => size?.ToString() ?? "any"));
        return $"{ElementTypes.Name((int)Type).ToLowerInvariant()} [{sizes}{(Sizes.Length > most ? ",…" : "")}]";
    }

    private bool Has(params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
        {
            if (Name.Contains(part, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}

/// <summary>
/// A part of the state: an input [slots,batch,width], and the output that gives it after the last token; empty where none is needed.
/// </summary>
internal sealed record GraphState(GraphInput Input, string Output, int Slots);
