using RnnService.Engine.Layers;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Import.Graph;

/// <summary>What a value of the graph is.</summary>
internal abstract record Value
{
    /// <summary>
    /// A tensor that the file holds: <paramref name="Transposed"/> when its two dimensions are to be read the other way,
    /// <paramref name="Converted"/> when its numbers became floats.
    /// </summary>
    internal sealed record Stored(TensorProto Tensor, bool Transposed = false, bool Converted = false) : Value;

    /// <summary>Zeros of whatever shape.</summary>
    internal sealed record Zeros : Value;

    /// <summary>A shape, or part of one.</summary>
    internal sealed record Shape(Size[] Sizes, bool IsScalar = false) : Value;

    /// <summary>Numbers that depend on the inputs: what they mean, and which way they extend.</summary>
    internal sealed record Data(Meaning Meaning, params Extent[] Dims) : Value
    {
        /// <summary>What stands past the end of each sequence, when something was put there.</summary>
        public Fill Fill { get; init; }

        /// <summary>The lengths by which it was put there.</summary>
        public GraphInput? FilledBy { get; init; }

        /// <summary>The same with others in place of a dimension.</summary>
        public Data Replace(int dim, params ReadOnlySpan<Extent> others) =>
            this with { Dims = [.. Dims[..dim], .. others, .. Dims[(dim + 1)..]] };
    }
}

/// <summary>What was put where a sequence has ended.</summary>
internal enum Fill
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Zero.</summary>
    Zero,

    /// <summary>A number below all that count.</summary>
    Low,
}

/// <summary>What numbers mean.</summary>
internal abstract record Meaning
{
    /// <summary>Whole numbers from an input: ids or lengths, as their use will tell.</summary>
    internal sealed record Given(GraphInput Input) : Meaning;

    /// <summary>Part of an input that holds the states of all layers at the start: the slots taken of it.</summary>
    internal sealed record Start(GraphInput Input, int[] Slots) : Meaning;

    /// <summary>For each place of a sorted batch the place it had before, or the other way round.</summary>
    internal sealed record Order(Axis From) : Meaning;

    /// <summary>The numbers 0, 1, 2, … along an axis.</summary>
    internal sealed record Positions : Meaning;

    /// <summary>Whether a step is inside its sequence, or outside.</summary>
    internal sealed record Mask(bool Inside, GraphInput Lengths) : Meaning;

    /// <summary>Whether a sequence has no step.</summary>
    internal sealed record Idle : Meaning;

    /// <summary>Rows of an embedding; for a tagger that spells, beside each word's states of spelling.</summary>
    internal sealed record Embedded(Table Table, Axis Width, Stack? Spelling = null) : Meaning;

    /// <summary>A state at the start before the steps of a layer of sums.</summary>
    internal sealed record Line(Start Before, Value.Data Steps) : Meaning;

    /// <summary>Outputs of layers, direction by direction.</summary>
    internal sealed record States(Part Part, Slot[] Slots) : Meaning;

    /// <summary>The outputs of the top layer, summed over each sequence.</summary>
    internal sealed record TimeSum(Layer Layer) : Meaning;

    /// <summary>One vector a sequence.</summary>
    internal sealed record Pooled(Layer Layer, Pooling Pooling) : Meaning;

    /// <summary>What the head gives.</summary>
    internal sealed record Answer(Head Head, AnswerForm End = AnswerForm.Logits) : Meaning;
}

/// <summary>Which of a layer's outputs.</summary>
internal enum Part
{
    /// <summary>h of every step.</summary>
    Steps,

    /// <summary>h of every step of a layer of sums, after the state at the start.</summary>
    StartAndSteps,

    /// <summary>h after the last step.</summary>
    Hidden,

    /// <summary>c after the last step.</summary>
    Memory,
}

/// <summary>One direction of one layer.</summary>
internal readonly record struct Slot(Layer Layer, bool Reverse);

/// <summary>What an input is used for.</summary>
internal enum InputRole
{
    /// <summary>Nothing so far.</summary>
    None,

    /// <summary>Token ids.</summary>
    Ids,

    /// <summary>Lengths of sequences.</summary>
    Lengths,

    /// <summary>h at the start.</summary>
    Hidden,

    /// <summary>c at the start.</summary>
    Memory,
}

/// <summary>An input of the graph.</summary>
internal sealed class GraphInput(string name, Extent[] dims)
{
    public string Name { get; } = name;

    public Extent[] Dims { get; } = dims;

    public InputRole Role { get; set; }
}

/// <summary>An embedding: its matrix [V,D], and the ids it is asked for.</summary>
internal sealed class Table(Value.Stored weight, GraphInput ids)
{
    public Value.Stored Weight { get; } = weight;

    public GraphInput Ids { get; } = ids;

    public int Tokens { get; } = (int)weight.Tensor.Dims[0];

    public int Size { get; } = (int)weight.Tensor.Dims[1];

    /// <summary>Whether a recurrent layer reads it, or the words it is part of.</summary>
    public bool IsRead { get; set; }
}

/// <summary>Recurrent layers one above the other, and what the lowest reads.</summary>
internal sealed class Stack(Meaning.Embedded source, Axis time, Extent batch)
{
    public Meaning.Embedded Source { get; } = source;

    public Axis Time { get; } = time;

    public Extent Batch { get; } = batch;

    public List<Layer> Layers { get; } = [];

    public Layer Top => Layers[^1];
}

/// <summary>One recurrent layer.</summary>
internal sealed class Layer(Stack stack, CellKind cell, int hiddenSize, string place)
{
    public Stack Stack { get; } = stack;

    public CellKind Cell { get; } = cell;

    /// <summary>The units of one direction.</summary>
    public Axis Units { get; } = new("units", AxisKind.Features, hiddenSize);

    public int HiddenSize { get; } = hiddenSize;

    /// <summary>The node, as messages name it.</summary>
    public string Place { get; } = place;

    public int Index { get; } = stack.Layers.Count;

    /// <summary>The directions in the order of their outputs: whether each reads in reverse.</summary>
    public List<bool> Ways { get; } = [];

    public Slot[] Slots => [.. Ways.Select(reverse => new Slot(this, reverse))];

    public Direction Direction => Ways switch
    {
        [false] => Direction.Forward,
        [true] => Direction.Reverse,
        _ => Direction.Bidirectional,
    };

    /// <summary>The lengths that it ends its sequences by.</summary>
    public GraphInput? Lengths { get; set; }

    /// <summary>The inputs that h and c start from.</summary>
    public GraphInput? Hidden { get; set; }

    public GraphInput? Memory { get; set; }

    /// <summary>W [D,G·H,I], R [D,G·H,H] and B [D,2·G·H]; none of a sum.</summary>
    public Value.Stored? Weight { get; init; }

    public Value.Stored? Recurrence { get; init; }

    public Value.Stored? Bias { get; init; }
}

/// <summary>The output layer.</summary>
/// <param name="Layer">The layer it reads.</param>
/// <param name="Pooling">How one vector a sequence came about; null for an answer a step.</param>
/// <param name="Weight">Its matrix.</param>
/// <param name="RowsAreOutputs">Whether the tensor lies as [outputs,width], and not the other way.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="Place">The node, as messages name it.</param>
internal sealed record Head(Layer Layer, Pooling? Pooling, Value.Stored Weight, bool RowsAreOutputs, Axis Outputs, string Place)
{
    public Value.Stored? Bias { get; init; }
}
