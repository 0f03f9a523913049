using RnnService.Engine.Layers;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>What a stack reads, a vector a step: rows of an embedding that ids look up, or the numbers of an input.</summary>
/// <param name="from">The ids, or the numbers.</param>
/// <param name="rows">The dimensions of the input that are batch and time.</param>
/// <param name="size">D, the numbers of a vector.</param>
internal sealed class StackInput(RecognizedInput from, Dimension[] rows, int size)
{
    public RecognizedInput From { get; } = from;

    public Dimension[] Rows { get; } = rows;

    /// <summary>D.</summary>
    public int Size { get; } = size;

    /// <summary>The embedding's matrix [V,D]; null of numbers.</summary>
    public SymbolicValue.Constant? Weight { get; init; }

    /// <summary>V; null of numbers.</summary>
    public int? Tokens => Weight?.Sizes[0];

    /// <summary>Whether a recurrent layer reads it, or the words it is part of.</summary>
    public bool IsRead { get; set; }
}

/// <summary>Recurrent layers one above the other, and what the lowest reads.</summary>
internal sealed class LayerStack(Role.Vectors source, Axis time, Dimension batch)
{
    public Role.Vectors Source { get; } = source;

    public Axis Time { get; } = time;

    public Dimension Batch { get; } = batch;

    public List<RecurrentLayer> Layers { get; } = [];

    public RecurrentLayer Top => Layers[^1];

    /// <summary>Whether a dimension is the batch as its input has it, in their order.</summary>
    public bool IsBatch(Dimension dimension) =>
        dimension.Axes is [var axis] && !axis.Is(Time) && Source.Origin.Rows.Any(dim => dim.Axes[0].Is(axis));
}

/// <summary>One direction of one layer.</summary>
internal readonly record struct LayerDirection(RecurrentLayer Layer, bool IsReverse);

/// <summary>One recurrent layer.</summary>
internal sealed class RecurrentLayer(LayerStack stack, CellKind cell, int hiddenSize, string place)
{
    public LayerStack Stack { get; } = stack;

    public CellKind Cell { get; } = cell;

    /// <summary>The units of one direction.</summary>
    public Axis Units { get; } = new("units", AxisKind.Features, hiddenSize);

    /// <summary>H.</summary>
    public int HiddenSize { get; } = hiddenSize;

    /// <summary>The node, as messages name it.</summary>
    public string Place { get; } = place;

    public int Index { get; } = stack.Layers.Count;

    /// <summary>The directions in the order of their outputs: whether each reads in reverse.</summary>
    public List<bool> Reverses { get; } = [];

    public LayerDirection[] Directions => [.. Reverses.Select(reverse => new LayerDirection(this, reverse))];

    public Direction Direction => Reverses switch
    {
        [false] => Direction.Forward,
        [true] => Direction.Reverse,
        _ => Direction.Bidirectional,
    };

    /// <summary>The places of its directions among those of all layers.</summary>
    public IEnumerable<int> Places => Enumerable.Range(Index * Reverses.Count, Reverses.Count);

    /// <summary>The lengths, or the mask, at which its sequences end.</summary>
    public RecognizedInput? Lengths { get; set; }

    /// <summary>The input of the initial h; null for zero.</summary>
    public RecognizedInput? Hidden { get; set; }

    /// <summary>The input of the initial c; null for zero.</summary>
    public RecognizedInput? CellState { get; set; }

    /// <summary>W [directions,G·H,D]; null for a layer of sums.</summary>
    public SymbolicValue.Constant? Weight { get; init; }

    /// <summary>R [directions,G·H,H]; null for a layer of sums.</summary>
    public SymbolicValue.Constant? Recurrence { get; init; }

    /// <summary>B [directions,2·G·H]; null for none.</summary>
    public SymbolicValue.Constant? Bias { get; init; }

    /// <summary>Whether a dimension is the units of one direction, or of all of some directions side by side.</summary>
    public bool AreFeatures(Dimension dimension, int directions) => directions == 1
        ? dimension.Axes is [var own] && own.Is(Units)
        : dimension.Axes is [{ IsDirections: true }, var each] && each.Is(Units);
}
