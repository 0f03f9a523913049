using CsCheck;
using RnnService.Engine.Layers;
using Xunit;

namespace RnnService.Engine.Tests.Cells;

/// <summary>Every cell against the reference written from its equations, forward and back, over random stacks and ragged batches.</summary>
public sealed class CellTests
{
    public static TheoryData<CellKind> Kinds => [.. Enum.GetValues<CellKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Outputs_and_states_agree_with_the_equations(CellKind kind) =>
        Shape.Any(kind, mostWidth: 40, mostLayers: 3, mostSequences: 9, mostSteps: 7)
            .Sample(shape => new Trial(shape).CheckForward(), iter: 40, threads: 1);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_gradient_agrees_with_the_numeric_derivative(CellKind kind) =>
        Shape.Any(kind, mostWidth: 4, mostLayers: 2, mostSequences: 4, mostSteps: 4)
            .Sample(shape => new Trial(shape).CheckEveryGradient(), iter: 12, threads: 1);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gradients_of_wide_networks_agree_along_a_random_direction(CellKind kind) =>
        Shape.Any(kind, mostWidth: 24, mostLayers: 2, mostSequences: 7, mostSteps: 5)
            .Sample(shape => new Trial(shape).CheckGradientAlongADirection(), iter: 10, threads: 1);

    /// <summary>Lengths that no random draw must miss: nothing at all, one step, and both beside a longer sequence.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Empty_sequences_and_single_steps_agree(CellKind kind)
    {
        foreach (int[] lengths in (int[][])[[0], [1], [0, 0], [0, 1], [3, 0, 1], [1, 1, 1], [0, 4, 0, 4, 1]])
        {
            foreach (Direction direction in Enum.GetValues<Direction>())
            {
                var trial = new Trial(new Shape(kind, 3, 3, kind == CellKind.Sum && direction == Direction.Bidirectional ? 1 : 2, direction, lengths, 5));
                trial.CheckForward();
                trial.CheckEveryGradient();
            }
        }
    }
}
