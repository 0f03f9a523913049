using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// The loss of next tokens against a sample of a vocabulary, which costs what the sample does and not the vocabulary (Bengio and Senécal 2008): the sum
/// Σ exp x over all tokens is estimated as exp of the target's logit plus Σ exp(x)/(S·q) over S others, drawn with replacement by their share q of a text. One
/// sample serves all rows; a row's own target does not count among it. The estimate of the sum has no bias, and comes to the sum with more samples.
/// Training alone uses it: the output layer is as ever.
/// </summary>
internal sealed class SampledSoftmax
{
    private const float Never = -1e30f;

    private readonly ReadOnlyMemory<int> _text;
    private readonly int _samples;
    private readonly float[] _logExpected; // ln(S·q) of every token

    /// <summary>Samples by the tokens of a text, which every target is one of.</summary>
    /// <param name="text">The tokens; drawing from it is drawing by their shares.</param>
    /// <param name="tokens">V.</param>
    /// <param name="samples">S.</param>
    public SampledSoftmax(ReadOnlyMemory<int> text, int tokens, int samples)
    {
        (_text, _samples) = (text, samples);
        long[] counts = new long[tokens];
        foreach (int id in text.Span) counts[id]++;
        _logExpected = [.. counts.Select(count => (float)Math.Log((double)samples * Math.Max(1, count) / text.Length))];
    }

    /// <summary>The distinct tokens of a sample, drawn by the pass's dropout, and what is added to the logit of each: ln(times drawn / (S·q)).</summary>
    public (int[] Ids, float[] Offsets) Draw(Pass pass)
    {
        var times = new Dictionary<int, int>();
        ReadOnlySpan<int> text = _text.Span;
        for (int i = 0; i < _samples; i++)
        {
            int id = text[pass.Dropout!.Below(text.Length)];
            times[id] = times.GetValueOrDefault(id) + 1;
        }

        int[] ids = [.. times.Keys.Order()];
        return (ids, [.. ids.Select(id => (float)Math.Log(times[id]) - _logExpected[id])]);
    }

    /// <summary>Draws a sample; adds the gradients of the output layer.</summary>
    /// <param name="pass">The pass, which draws and lends memory.</param>
    /// <param name="output">The output layer, [V,H].</param>
    /// <param name="x">Its inputs [R,H].</param>
    /// <param name="targets">The token of each row [R].</param>
    /// <param name="dx">[R,H]; the gradient of the inputs is added.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(Pass pass, Linear output, ReadOnlySpan<float> x, ReadOnlySpan<int> targets, Span<float> dx, Gradients gradients)
    {
        (int[] ids, float[] offsets) = Draw(pass);
        int rows = targets.Length, count = ids.Length, width = output.Inputs;
        Workspace workspace = pass.Workspace;
        Span<float> weights = workspace.Take(count * width).Span, logits = workspace.Take(rows * count).Span;
        for (int i = 0; i < count; i++)
        {
            output.Weight.Values.Slice(ids[i] * width, width).CopyTo(weights[(i * width)..]);
            if (output.Bias is { } bias) offsets[i] += bias.Values[ids[i]];
        }

        for (int row = 0; row < rows; row++) offsets.CopyTo(logits[(row * count)..]);
        var forward = new PackedMatrix(width, count, workspace.Take(PackedMatrix.SizeOf(width, count)));
        forward.PackTransposed(weights);
        forward.MultiplyAdd(rows, x, width, logits, count);

        double loss = 0;
        for (int row = 0; row < rows; row++)
            loss += BackwardOfRow(output, ids, logits.Slice(row * count, count), x.Slice(row * width, width), targets[row], dx.Slice(row * width, width), gradients);

        var backward = new PackedMatrix(count, width, workspace.Take(PackedMatrix.SizeOf(count, width)));
        backward.Pack(weights, width);
        backward.MultiplyAdd(rows, logits, count, dx, width);
        Span<float> dWeights = workspace.TakeZeros(count * width).Span, dBias = workspace.TakeZeros(count).Span;
        WeightGradient.Add(rows, logits, count, count, x, width, width, dWeights, workspace);
        WeightGradient.AddBias(rows, logits, count, dBias);
        for (int i = 0; i < count; i++)
        {
            Span<float> sum = gradients.Of(output.Weight).Slice(ids[i] * width, width);
            TensorPrimitives.Add(sum, dWeights.Slice(i * width, width), sum);
            if (output.Bias is { } bias) gradients.Of(bias)[ids[i]] += dBias[i];
        }

        return loss;
    }

    /// <summary>The loss of one row: replaces the sample's logits by their gradient, and adds the gradients through the target's.</summary>
    private double BackwardOfRow(
        Linear output, int[] ids, Span<float> logits, ReadOnlySpan<float> x, int target, Span<float> dx, Gradients gradients)
    {
        int width = x.Length, own = Array.BinarySearch(ids, target);
        if (own >= 0) logits[own] = Never;
        ReadOnlySpan<float> weight = output.Weight.Values.Slice(target * width, width);
        double right = ExactSums.Dot(x, weight) + (output.Bias?.Values[target] ?? 0);
        double sampled = Activations.ExpShifted(logits, logits, out float largest), shift = Math.Max(right, largest);
        double all = sampled * Math.Exp(largest - shift) + Math.Exp(right - shift);
        TensorPrimitives.Multiply(logits, (float)(Math.Exp(largest - shift) / all), logits);
        if (own >= 0) logits[own] = 0;
        float slope = (float)(Math.Exp(right - shift) / all - 1);
        TensorPrimitives.MultiplyAdd(weight, slope, dx, dx);
        Span<float> dWeight = gradients.Of(output.Weight).Slice(target * width, width);
        TensorPrimitives.MultiplyAdd(x, slope, dWeight, dWeight);
        if (output.Bias is { } bias) gradients.Of(bias)[target] += slope;
        return shift + Math.Log(all) - right;
    }
}
