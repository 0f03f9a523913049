using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;
using RnnService.Onnx.Runtime.Signatures;

namespace RnnService.Onnx.Runtime.Probing;

/// <summary>
/// Finds out how a graph takes rows of numbers by running it: which dimension is time, whether lengths are honoured, whether pieces with carried states
/// give what the whole gives. A row must not move another, and an answer must depend on the steps before it. Used once.
/// </summary>
internal sealed class NumberProbe(RuntimeSession session, OnnxFile file, NumberSignature signature, RunLimit limit)
{
    private const int SomeRows = 3, SomeSteps = 5, Middle = 2;
    private const float Near = 1e-4f;

    /// <summary>The layout.</summary>
    /// <exception cref="OnnxFormatException">There is none under which the graph reads sequences.</exception>
    public NumberLayout Find()
    {
        int?[] sizes = signature.Values.Sizes;
        OnnxFormatException? first = null;
        foreach (bool timeMajor in (bool[])[false, true])
        {
            int? batch = timeMajor ? sizes[1] : sizes[0], time = timeMajor ? sizes[0] : sizes[1];
            try
            {
                return Complete(new NumberLayout(timeMajor, batch, SingleStep: time == 1), time);
            }
            catch (OnnxFormatException refusal)
            {
                first ??= refusal;
            }
            catch (InvalidOperationException refusal)
            {
                first ??= file.Refuse("graph", refusal.Message);
            }
            catch (OnnxRuntimeException refusal)
            {
                first ??= file.Refuse("graph", $"ONNX Runtime says: {RuntimeSession.Sentence(refusal)}");
            }
        }

        throw first!;
    }

    private NumberLayout Complete(NumberLayout layout, int? time)
    {
        bool continues = signature.States.Count > 0 && signature.States.All(state => state.Output.Length > 0);
        if (time is > 1)
            throw signature.Refuse($"{signature.Values.Show()} found, {time} steps always; expected any number", "Export with sizes that may vary: dynamic_axes of batch and time");
        if (layout.SingleStep && !continues)
            throw signature.Refuse($"{signature.Values.Show()} found, one step without states; expected any number of steps, or states that are carried from step to step");
        int rows = layout.Batch ?? SomeRows;
        NumberSequence[] drawn = [.. Enumerable.Range(0, rows).Select(row => Draw((ulong)row, SomeSteps, signature.Features))];
        NumberSequence[] changed = [Changed(drawn[0]), .. drawn[1..]];
        float[][] one = Read(layout, drawn), other = Read(layout, changed);
        for (int row = 1; row < rows; row++)
        {
            if (!Closeness.AreNear(one[row], other[row], Near)) throw file.Refuse("graph", "a row moves another; expected rows that are read each by itself");
        }

        if (Elsewhere(one[0]).SequenceEqual(Elsewhere(other[0])))
            throw file.Refuse("graph", "an answer does not depend on other steps; expected a graph that reads sequences");
        layout = layout with { Carries = continues && (layout.SingleStep || PiecesGiveTheWhole(layout, drawn, one)) };
        return layout with { Ragged = !layout.SingleStep && signature.Lengths is not null && HonoursLengths(layout, drawn) };
    }

    // The answers of other steps than the one that is changed, or the answer to the sequence.
    private IEnumerable<float> Elsewhere(float[] answers) => !signature.AnswersSteps ? answers
        : [.. answers[..(Middle * signature.Outputs)], .. answers[((Middle + 1) * signature.Outputs)..]];

    private bool PiecesGiveTheWhole(NumberLayout layout, NumberSequence[] rows, float[][] whole)
    {
        const int cut = 2;
        float[] states = new float[rows.Length * signature.StateSize];
        NumberRun run = Runner(layout);
        float[][] start = run.Compute([.. rows.Select(row => row.Slice(0, cut))], states), end = run.Compute([.. rows.Select(row => row.Slice(cut, row.Steps - cut))], states);
        return whole.Index().All(row => Closeness.AreNear(
            row.Item, signature.AnswersSteps ? [.. start[row.Index], .. end[row.Index]] : end[row.Index], Near));
    }

    // Whether rows of different lengths, padded, give what each gives alone, states included: lengths may mask the answers, and the states still move on.
    private bool HonoursLengths(NumberLayout layout, NumberSequence[] rows)
    {
        NumberRun run = Runner(layout);
        NumberSequence[] cut = [.. rows.Select((row, i) => row.Slice(0, Math.Max(1, row.Steps - i)))];
        int size = layout.Carries ? signature.StateSize : 0; // what is not carried on starts from zero always
        float[] start = Draw((ulong)rows.Length, cut.Length * size, features: 1).Values.ToArray(), after = [.. start];
        try
        {
            // Padding after the longest too, so that a batch of 1 tells.
            float[][] together = run.Compute(cut, after, padding: 2);
            for (int row = 0; row < Math.Min(cut.Length, SomeSteps); row++)
            {
                float[] afterAlone = start[(row * size)..((row + 1) * size)];
                float[][] alone = run.Compute([cut[row]], afterAlone);
                if (!Closeness.AreNear(alone[0], together[row], Near) || !Closeness.AreNear(afterAlone, after.AsSpan(row * size, size), Near)) return false;
            }

            return true;
        }
        catch (Exception error) when (error is OnnxRuntimeException or InvalidOperationException)
        {
            return false;
        }
    }

    // All steps of each row, at once or one by one.
    private float[][] Read(NumberLayout layout, NumberSequence[] rows)
    {
        NumberRun run = Runner(layout);
        if (!layout.SingleStep) return run.Compute(rows, []);
        float[] states = new float[rows.Length * signature.StateSize];
        List<float>[] all = [.. rows.Select(_ => new List<float>())];
        for (int t = 0; t < rows[0].Steps; t++)
        {
            float[][] found = run.Compute([.. rows.Select(row => row.Slice(t, 1))], states);
            for (int row = 0; row < rows.Length; row++) all[row].AddRange(found[row]);
        }

        return [.. all.Select(row => row.ToArray())];
    }

    private NumberRun Runner(NumberLayout layout) => new(session, signature, layout, limit);

    private static NumberSequence Draw(ulong seed, int steps, int features)
    {
        var random = new RandomSource(seed);
        float[] values = new float[steps * features];
        foreach (ref float value in values.AsSpan()) value = (float)random.Normal();
        return new NumberSequence(values, features);
    }

    private static NumberSequence Changed(NumberSequence row)
    {
        float[] values = row.Values.ToArray();
        foreach (ref float value in values.AsSpan(Middle * row.Features, row.Features)) value = -2 - 3 * value;
        return row with { Values = values };
    }
}
