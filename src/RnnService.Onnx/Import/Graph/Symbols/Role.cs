using RnnService.Engine.Layers;
using RnnService.Onnx.Comparison;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>What computed numbers mean.</summary>
internal abstract record Role
{
    /// <summary>Numbers of an input: ids, lengths or a mask, as their use will tell.</summary>
    internal sealed record Input(RecognizedInput Source) : Role;

    /// <summary>Part of an input that holds the initial states of all layers: the directions taken of it.</summary>
    internal sealed record InitialState(RecognizedInput Source, int[] Directions) : Role;

    /// <summary>For each place of a sorted batch the place it had before, or the other way round.</summary>
    internal sealed record SortOrder(Axis From) : Role;

    /// <summary>The numbers 0, 1, 2, … along an axis.</summary>
    internal sealed record Positions : Role;

    /// <summary>
    /// Whether a step is inside its sequence, or outside. Of an input that is a mask, <paramref name="Inside"/> says that it is as the input
    /// is, and not the other way round.
    /// </summary>
    internal sealed record TokenMask(bool Inside, RecognizedInput By) : Role
    {
        /// <summary>Whether it means what it is used for, the steps inside or outside. The first use tells it of an input.</summary>
        public bool Means(bool inside)
        {
            if (By.Role != InputRole.Mask) return Inside == inside;
            By.MarksTokens ??= Inside == inside;
            return By.MarksTokens == (Inside == inside);
        }
    }

    /// <summary>The tokens of each sequence, counted by a mask.</summary>
    internal sealed record TokenCount(RecognizedInput By) : Role;

    /// <summary>Whether a sequence has no step.</summary>
    internal sealed record EmptyMask : Role;

    /// <summary>What a stack reads. Of a tagger with a character network, words are joined with their states; numbers may be standardised.</summary>
    internal sealed record Vectors(StackInput Origin, Axis Width, LayerStack? Characters = null) : Role
    {
        /// <summary>What was taken from numbers; null for nothing.</summary>
        public SymbolicValue.Constant? Mean { get; init; }

        /// <summary>What they were then multiplied by, or divided by; null for nothing.</summary>
        public UnitFactor? Factor { get; init; }
    }

    /// <summary>An initial state before the steps of a layer of sums.</summary>
    internal sealed record StateAndSteps(InitialState Before, SymbolicValue.Computed Steps) : Role;

    /// <summary>Outputs of layers, direction by direction.</summary>
    internal sealed record States(StatePart Part, LayerDirection[] Directions) : Role
    {
        /// <summary>The top layer, where these are all its directions in order; else null.</summary>
        public RecurrentLayer? Top => Directions[0].Layer is var layer && layer == layer.Stack.Top && Directions.SequenceEqual(layer.Directions)
            ? layer
            : null;
    }

    /// <summary>Outputs of the top layer with its directions added up, each times a share.</summary>
    internal sealed record DirectionSum(StatePart Part, RecurrentLayer Layer, float Share) : Role;

    /// <summary>The outputs of the top layer, summed over each sequence.</summary>
    internal sealed record TimeSum(RecurrentLayer Layer, float? Share) : Role;

    /// <summary>One vector a sequence; with a share where the directions are added up.</summary>
    internal sealed record Pooled(RecurrentLayer Layer, Pooling Pooling, float? Share) : Role
    {
        /// <summary>The features of vectors that were put side by side; null for those of the layer.</summary>
        public Axis? Joined { get; init; }
    }

    /// <summary>What the head gives.</summary>
    internal sealed record Answer(RecognizedHead Head, AnswerForm Form = AnswerForm.Logits) : Role;
}

/// <summary>What numbers are multiplied by, or divided by.</summary>
internal sealed record UnitFactor(SymbolicValue.Constant Values, bool Divides);

/// <summary>Which of a layer's outputs.</summary>
internal enum StatePart
{
    /// <summary>h of every step.</summary>
    Steps,

    /// <summary>h of every step of a layer of sums, after the initial state.</summary>
    StateAndSteps,

    /// <summary>h after the last step.</summary>
    Hidden,

    /// <summary>c after the last step.</summary>
    CellState,
}
