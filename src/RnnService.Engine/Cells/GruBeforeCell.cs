using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// GRU of Cho et al. 2014, gates in the order r, z, n, the reset before the recurrent product:
/// r = σ(x̂ᵣ + Uᵣ h + bᵣ);  z = σ(x̂_z + U_z h + b_z);  n = tanh(x̂ₙ + Uₙ (r⊙h) + bₙ);  h' = (1−z)⊙n + z⊙h.
/// </summary>
internal sealed class GruBeforeCell : Cell
{
    private readonly Parameter _bias; // [3H]
    private readonly RecurrentWeights _gateWeights; // Uᵣ, U_z [2H,H]
    private readonly RecurrentWeights _candidateWeights; // Uₙ [H,H]

    public GruBeforeCell(Parameters parameters, string prefix, string suffix, int hiddenSize)
        : base(hiddenSize)
    {
        Parameter weight = parameters.Add($"{prefix}.weight_hh_{suffix}", Initializer.Orthogonal(3), 3 * hiddenSize, hiddenSize);
        _bias = parameters.Add($"{prefix}.bias_hh_{suffix}", Initializer.Zero, 3 * hiddenSize);
        _gateWeights = new RecurrentWeights(weight, 0, 2, parameters.IsTrainable);
        _candidateWeights = new RecurrentWeights(weight, 2, 1, parameters.IsTrainable);
    }

    public override int Gates => 3;

    public override int Saved => 1; // r⊙h

    public override int ScratchSize(int rows) => _gateWeights.ScratchSize(rows);

    public override void AddToInputBias(Span<float> bias) => TensorPrimitives.Add(bias, _bias.Values, bias);

    public override void Step(in StepRows rows, ThreadPair threads)
    {
        // The candidate's product wants r⊙h of all units.
        int width = 3 * HiddenSize, remembered = rows.Saved(0).IsNone ? width : HiddenSize;
        FusedStep.Run<Reset>(rows, _gateWeights.Plan(rows, rows.H(0), HiddenSize, rows.Gate(0, 0), width), threads);
        FusedStep.Run<Blend>(rows, _candidateWeights.Plan(rows, Remembered(rows, 0), remembered, rows.Gate(0, 2), width), threads);
    }

    /// <summary>r⊙h of a row [H]: a gradient needs it, so it is kept where anything is.</summary>
    private static Floats Remembered(in StepRows rows, int row) => rows.Saved(0).IsNone ? rows.Scratch(row, 0) : rows.Saved(row);

    private readonly struct Reset : IEquations
    {
        public static void Finish<T>(in StepRows rows, int row, int first, int end) where T : struct, IVector<T>
        {
            Floats r = rows.Gate(row, 0), h = rows.H(row), remembered = Remembered(rows, row);
            for (int unit = first; unit < end; unit += T.Count)
            {
                T reset = VectorMath.Sigmoid(r.Load<T>(unit));
                r.Store(unit, reset);
                remembered.Store(unit, reset * h.Load<T>(unit));
            }
        }
    }

    private readonly struct Blend : IEquations
    {
        public static void Finish<T>(in StepRows rows, int row, int first, int end) where T : struct, IVector<T>
        {
            Floats z = rows.Gate(row, 1), n = rows.Gate(row, 2), h = rows.H(row), next = rows.Next(row);
            for (int unit = first; unit < end; unit += T.Count)
            {
                T update = VectorMath.Sigmoid(z.Load<T>(unit)), candidate = VectorMath.Tanh(n.Load<T>(unit));
                z.Store(unit, update);
                n.Store(unit, candidate);
                next.Store(unit, GruBlend.Forward(update, candidate, h.Load<T>(unit)));
            }
        }
    }

    public override void StepBackward(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        Span<float> dRemembered = scratch[..(n * size)]; // the gradient of r⊙h
        for (int row = 0; row < n; row++)
        {
            Span<float> z = gates.Slice((row * 3 + 1) * size, size), candidate = gates.Slice((row * 3 + 2) * size, size);
            Span<float> dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> before = hPrevious.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Vector8.Count)
            {
                GruBlend.Backward(
                    Vector8.Load(z, unit), Vector8.Load(candidate, unit), Vector8.Load(before, unit), Vector8.Load(dhRow, unit),
                    out Vector8 dUpdate, out Vector8 dCandidate, out Vector8 dBefore);
                dUpdate.Store(z, unit);
                dCandidate.Store(candidate, unit);
                dBefore.Store(dhRow, unit);
            }
        }

        dRemembered.Clear();
        _candidateWeights.Backward(n, gates[(2 * size)..], 3 * size, dRemembered);
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> dRow = dRemembered.Slice(row * size, size), before = hPrevious.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Vector8.Count)
            {
                Vector8 reset = Vector8.Load(r, unit), gradient = Vector8.Load(dRow, unit);
                Vector8.MultiplyAdd(gradient, reset, Vector8.Load(dhRow, unit)).Store(dhRow, unit);
                VectorMath.SigmoidBackward(reset, gradient * Vector8.Load(before, unit)).Store(r, unit);
            }
        }

        _gateWeights.Backward(n, gates, 3 * size, dh);
    }

    public override void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
        int size = HiddenSize;
        _gateWeights.AddGradient(rows, gates, 3 * size, hPrevious, gradients, workspace);
        _candidateWeights.AddGradient(rows, gates[(2 * size)..], 3 * size, saved, gradients, workspace);
        WeightGradient.AddBias(rows, gates, 3 * size, gradients.Of(_bias));
    }

    public override void Refresh()
    {
        _gateWeights.Refresh();
        _candidateWeights.Refresh();
    }
}
