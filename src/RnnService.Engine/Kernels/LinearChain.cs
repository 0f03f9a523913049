using System.Buffers;

namespace RnnService.Engine.Kernels;

/// <summary>
/// A linear-chain conditional random field (Lafferty, McCallum and Pereira 2001): a string of labels y over T steps has the score
/// start[y₁] + Σ emissions[t,yₜ] + Σ transitions[yₜ₋₁,yₜ] + end[y_T], and the probability of a string is the softmax over all Kᵀ of them. Sums are
/// taken forward and backward in the logarithmic space, in double precision; a transition of minus infinity is impossible. Immutable.
/// </summary>
internal sealed class LinearChain
{
    private readonly double[] _start, _end; // [K]
    private readonly double[] _from, _into; // [K,K]: row i the transitions from label i; row j those into label j

    /// <summary>Takes the scores as they are now.</summary>
    /// <param name="start">[K], of the first step's label.</param>
    /// <param name="transitions">[K,K], from the row's label to the column's.</param>
    /// <param name="end">[K], of the last step's label.</param>
    public LinearChain(ReadOnlySpan<float> start, ReadOnlySpan<float> transitions, ReadOnlySpan<float> end)
    {
        Labels = start.Length;
        (_start, _end, _from, _into) = (new double[Labels], new double[Labels], new double[Labels * Labels], new double[Labels * Labels]);
        for (int i = 0; i < Labels; i++)
        {
            (_start[i], _end[i]) = (start[i], end[i]);
            for (int j = 0; j < Labels; j++) _from[i * Labels + j] = _into[j * Labels + i] = transitions[i * Labels + j];
        }
    }

    /// <summary>K.</summary>
    public int Labels { get; }

    /// <summary>The score of a string of labels.</summary>
    /// <param name="emissions">[T,K].</param>
    /// <param name="labels">[T].</param>
    public double Score(ReadOnlySpan<float> emissions, ReadOnlySpan<int> labels)
    {
        if (labels.IsEmpty) return 0;
        double score = _start[labels[0]] + _end[labels[^1]];
        for (int t = 0; t < labels.Length; t++)
        {
            score += emissions[t * Labels + labels[t]];
            if (t > 0) score += _from[labels[t - 1] * Labels + labels[t]];
        }

        return score;
    }

    /// <summary>The logarithm of the sum over all strings of exp score; minus infinity where none is possible.</summary>
    /// <param name="emissions">[T,K].</param>
    public double LogPartition(ReadOnlySpan<float> emissions)
    {
        if (emissions.IsEmpty) return 0;
        double[] sums = ArrayPool<double>.Shared.Rent(emissions.Length);
        double total = Forward(emissions, sums);
        ArrayPool<double>.Shared.Return(sums);
        return total;
    }

    /// <summary>Replaces the emissions by the probability of each label at each step.</summary>
    /// <param name="emissions">[T,K].</param>
    public void Marginals(Span<float> emissions) => Expect(emissions, default);

    /// <summary>
    /// Returns −log p(labels) in nats and replaces the emissions by its gradient: the probability of each label at each step, less one where it is right.
    /// </summary>
    /// <param name="emissions">[T,K].</param>
    /// <param name="labels">[T].</param>
    /// <param name="dStart">[K]; the gradient is added.</param>
    /// <param name="dTransitions">[K,K]; likewise.</param>
    /// <param name="dEnd">[K]; likewise.</param>
    public double Backward(
        Span<float> emissions, ReadOnlySpan<int> labels, Span<float> dStart, Span<float> dTransitions, Span<float> dEnd)
    {
        if (labels.IsEmpty) return 0;
        double score = Score(emissions, labels);
        double total = Expect(emissions, dTransitions);
        for (int t = 0; t < labels.Length; t++)
        {
            emissions[t * Labels + labels[t]]--;
            if (t > 0) dTransitions[labels[t - 1] * Labels + labels[t]]--;
        }

        // What the first and the last step's emissions teach is what start and end learn.
        for (int k = 0; k < Labels; k++)
        {
            dStart[k] += emissions[k];
            dEnd[k] += emissions[emissions.Length - Labels + k];
        }

        return total - score;
    }

    /// <summary>The string with the highest score (Viterbi 1967); ties go to the lower label, from the last step on.</summary>
    /// <param name="emissions">[T,K].</param>
    /// <param name="best">[T]; takes the labels.</param>
    public void Best(ReadOnlySpan<float> emissions, Span<int> best)
    {
        if (best.IsEmpty) return;
        double[] scores = ArrayPool<double>.Shared.Rent(2 * Labels);
        int[] origins = ArrayPool<int>.Shared.Rent(emissions.Length); // the label before, of the best string that ends in a label
        Span<double> before = scores.AsSpan(0, Labels), now = scores.AsSpan(Labels, Labels);
        for (int k = 0; k < Labels; k++) now[k] = _start[k] + emissions[k];
        for (int t = 1; t < best.Length; t++)
        {
            Span<double> swap = before;
            before = now;
            now = swap;
            for (int j = 0; j < Labels; j++)
            {
                int origin = IndexOfLargestSum(before, _into.AsSpan(j * Labels, Labels));
                origins[t * Labels + j] = origin;
                now[j] = before[origin] + _into[j * Labels + origin] + emissions[t * Labels + j];
            }
        }

        best[^1] = IndexOfLargestSum(now, _end);
        for (int t = best.Length - 1; t > 0; t--) best[t - 1] = origins[t * Labels + best[t]];
        ArrayPool<int>.Shared.Return(origins);
        ArrayPool<double>.Shared.Return(scores);
    }

    /// <summary>Replaces the emissions by the probability of each label at each step, and adds that of each transition over all steps where asked for.</summary>
    /// <returns>The logarithm of the sum over all strings.</returns>
    private double Expect(Span<float> emissions, Span<float> transitions)
    {
        if (emissions.IsEmpty) return 0;
        int square = transitions.Length;
        double[] rented = ArrayPool<double>.Shared.Rent(emissions.Length + 2 * Labels + square);
        Span<double> sums = rented.AsSpan(0, emissions.Length), ahead = rented.AsSpan(emissions.Length, Labels); // α; log of the sum over all ends
        Span<double> beta = rented.AsSpan(emissions.Length + Labels, Labels), pairs = rented.AsSpan(emissions.Length + 2 * Labels, square);
        double total = Forward(emissions, sums);
        pairs.Clear();
        _end.CopyTo(beta);
        for (int at = emissions.Length - Labels; ; at -= Labels)
        {
            ReadOnlySpan<double> alpha = sums.Slice(at, Labels);
            for (int k = 0; k < Labels; k++)
            {
                ahead[k] = emissions[at + k] + beta[k];
                emissions[at + k] = (float)Math.Exp(alpha[k] + beta[k] - total);
            }

            if (at == 0) break;
            ReadOnlySpan<double> before = sums.Slice(at - Labels, Labels);
            for (int i = 0; i < Labels; i++)
            {
                ReadOnlySpan<double> from = _from.AsSpan(i * Labels, Labels);
                beta[i] = LogSum(from, ahead);
                if (square == 0) continue;
                for (int j = 0; j < Labels; j++) pairs[i * Labels + j] += Math.Exp(before[i] + from[j] + ahead[j] - total);
            }
        }

        for (int i = 0; i < square; i++) transitions[i] += (float)pairs[i];
        ArrayPool<double>.Shared.Return(rented);
        return total;
    }

    /// <summary>α [T,K]: log of the sum over all beginnings that have a label at a step, that step included. Returns log of the sum over all strings.</summary>
    private double Forward(ReadOnlySpan<float> emissions, Span<double> sums)
    {
        for (int k = 0; k < Labels; k++) sums[k] = _start[k] + emissions[k];
        for (int at = Labels; at < emissions.Length; at += Labels)
        {
            ReadOnlySpan<double> before = sums.Slice(at - Labels, Labels);
            for (int j = 0; j < Labels; j++) sums[at + j] = LogSum(before, _into.AsSpan(j * Labels, Labels)) + emissions[at + j];
        }

        return LogSum(sums.Slice(emissions.Length - Labels, Labels), _end);
    }

    // log Σ exp(a + b).
    private static double LogSum(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int i = 0; i < a.Length; i++) largest = Math.Max(largest, a[i] + b[i]);
        if (double.IsNegativeInfinity(largest)) return largest;
        for (int i = 0; i < a.Length; i++) sum += Math.Exp(a[i] + b[i] - largest);
        return largest + Math.Log(sum);
    }

    private static int IndexOfLargestSum(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int best = 0;
        for (int i = 1; i < a.Length; i++)
        {
            if (a[i] + b[i] > a[best] + b[best]) best = i;
        }

        return best;
    }
}
