using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// GRU as PyTorch and cuDNN have it, gates in the order r, z, n, the reset after the recurrent product:
/// r = σ(x̂ᵣ + Uᵣ h + bᵣ);  z = σ(x̂_z + U_z h + b_z);  n = tanh(x̂ₙ + r⊙(Uₙ h + bₙ));  h' = (1−z)⊙n + z⊙h.
/// </summary>
internal sealed class GruCell : Cell
{
    private readonly Parameter _bias; // [3H]; its last block stands inside the reset, so it is not merged into the input's
    private readonly RecurrentWeights _weights; // U [3H,H]

    public GruCell(Parameters parameters, string prefix, string suffix, int hiddenSize)
        : base(hiddenSize)
    {
        Parameter weight = parameters.Add($"{prefix}.weight_hh_{suffix}", Initializer.Orthogonal(3), 3 * hiddenSize, hiddenSize);
        _bias = parameters.Add($"{prefix}.bias_hh_{suffix}", Initializer.Zero, 3 * hiddenSize);
        _weights = new RecurrentWeights(weight, 0, 3, parameters.IsTrainable);
    }

    public override int Gates => 3;

    public override int Saved => 1; // forward: Uₙ h + bₙ; backward: its gradient

    public override int ScratchSize(int rows) => _weights.ScratchSize(rows);

    public override void AddToInputBias(Span<float> bias) =>
        TensorPrimitives.Add(bias[..(2 * HiddenSize)], _bias.Values[..(2 * HiddenSize)], bias);

    public override void Step(in StepRows rows, ThreadPair threads)
    {
        // The product adds to all three blocks alike: x̂ₙ gives its place to bₙ meanwhile.
        ReadOnlySpan<float> inside = _bias.Values[(2 * HiddenSize)..];
        for (int row = 0; row < rows.Count; row++)
        {
            Span<float> candidate = rows.Gate(row, 2).Span(HiddenSize);
            candidate.CopyTo(rows.Scratch(row, 0).Span(HiddenSize));
            inside.CopyTo(candidate);
        }

        FusedStep.Run<Equations>(rows, _weights.Plan(rows, rows.H(0), HiddenSize, rows.Gate(0, 0), 3 * HiddenSize), threads);
    }

    private readonly struct Equations : IEquations
    {
        public static void Finish<T>(in StepRows rows, int row, int first, int end) where T : struct, IVector<T>
        {
            Floats r = rows.Gate(row, 0), z = rows.Gate(row, 1), n = rows.Gate(row, 2), h = rows.H(row), next = rows.Next(row);
            Floats input = rows.Scratch(row, 0), saved = rows.Saved(row);
            for (int unit = first; unit < end; unit += T.Count)
            {
                T reset = VectorMath.Sigmoid(r.Load<T>(unit)), update = VectorMath.Sigmoid(z.Load<T>(unit)), recurrent = n.Load<T>(unit);
                T candidate = VectorMath.Tanh(T.MultiplyAdd(reset, recurrent, input.Load<T>(unit)));
                next.Store(unit, GruBlend.Forward(update, candidate, h.Load<T>(unit)));
                if (saved.IsNone) continue;
                r.Store(unit, reset);
                z.Store(unit, update);
                n.Store(unit, candidate);
                saved.Store(unit, recurrent);
            }
        }
    }

    public override void StepBackward(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), z = gates.Slice((row * 3 + 1) * size, size),
                candidate = gates.Slice((row * 3 + 2) * size, size);
            Span<float> drHere = scratch.Slice(row * 3 * size, size), dzHere = scratch.Slice((row * 3 + 1) * size, size),
                dInside = scratch.Slice((row * 3 + 2) * size, size);
            Span<float> inside = saved.Slice(row * size, size), dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> before = hPrevious.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Vector8.Count)
            {
                Vector8 reset = Vector8.Load(r, unit);
                GruBlend.Backward(
                    Vector8.Load(z, unit), Vector8.Load(candidate, unit), Vector8.Load(before, unit), Vector8.Load(dhRow, unit),
                    out Vector8 dUpdate, out Vector8 dCandidate, out Vector8 dBefore);
                Vector8 dReset = VectorMath.SigmoidBackward(reset, dCandidate * Vector8.Load(inside, unit)), dRecurrent = dCandidate * reset;
                dReset.Store(r, unit);
                dReset.Store(drHere, unit);
                dUpdate.Store(z, unit);
                dUpdate.Store(dzHere, unit);
                dCandidate.Store(candidate, unit);
                dRecurrent.Store(inside, unit);
                dRecurrent.Store(dInside, unit);
                dBefore.Store(dhRow, unit);
            }
        }

        _weights.Backward(n, scratch, 3 * size, dh);
    }

    public override void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
        // The input's gradient with its last block replaced by that of the recurrent candidate.
        int size = HiddenSize;
        Span<float> recurrent = workspace.Take(rows * 3 * size).Span;
        for (int row = 0; row < rows; row++)
        {
            gates.Slice(row * 3 * size, 2 * size).CopyTo(recurrent[(row * 3 * size)..]);
            saved.Slice(row * size, size).CopyTo(recurrent[((row * 3 + 2) * size)..]);
        }

        _weights.AddGradient(rows, recurrent, 3 * size, hPrevious, gradients, workspace);
        WeightGradient.AddBias(rows, recurrent, 3 * size, gradients.Of(_bias));
    }

    public override void Refresh() => _weights.Refresh();
}
