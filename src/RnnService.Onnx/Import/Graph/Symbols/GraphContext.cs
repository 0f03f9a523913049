using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>What is known of a graph while its nodes are read one after the other. Not thread-safe.</summary>
internal sealed class GraphContext(OnnxFile file)
{
    private readonly Dictionary<string, SymbolicValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorProto, bool> _areZero = new(ReferenceEqualityComparer.Instance);

    public OnnxFile File { get; } = file;

    /// <summary>The version of the standard operators.</summary>
    public long Opset { get; } = file.Model.OpsetImport.First(set => set.Domain is "" or "ai.onnx").Version;

    public AxisSet Axes { get; } = new();

    public List<RecognizedInput> Inputs { get; } = [];

    /// <summary>A node that pools all steps of the time axis, so that there must be no lengths and no mask; null where there is none.</summary>
    public GraphNode? ReadsPadding { get; set; }

    /// <summary>Whether an input says where sequences end.</summary>
    public bool KnowsEnds => Inputs.Any(input => input.Role is InputRole.Lengths or InputRole.Mask);

    /// <summary>What a value is; null where nothing known produces it.</summary>
    public SymbolicValue? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Says what a value is.</summary>
    public void Set(string name, SymbolicValue value) => _values[name] = value;

    /// <summary>Whether a value is zero whatever its shape.</summary>
    public bool IsZero(SymbolicValue? value)
    {
        if (value is SymbolicValue.Zeros) return true;
        if (value is not SymbolicValue.Constant { Tensor: var tensor }) return false;
        if (!_areZero.TryGetValue(tensor, out bool isZero))
        {
            isZero = TensorContent.Floats(tensor) is { } numbers
                ? !numbers.AsSpan().ContainsAnyExcept(0f)
                : TensorContent.Integers(tensor) is { } whole && !whole.AsSpan().ContainsAnyExcept(0L);
            _areZero.Add(tensor, isZero);
        }

        return isZero;
    }

    /// <summary>An exception that names a place of the file.</summary>
    public OnnxFormatException Refuse(string place, string found, string expected) => File.Refuse(place, $"{found}; expected {expected}");
}
