using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnService.Engine.Networks;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Runtime.Sessions;
using RnnService.Onnx.Runtime.Signatures;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Runtime.Runs;

/// <summary>How a graph takes rows of numbers.</summary>
/// <param name="TimeMajor">Steps are [time,batch,features] and not [batch,time,features].</param>
/// <param name="Batch">The only number of rows it takes; null where it takes any.</param>
/// <param name="SingleStep">It reads one step of each row at a time.</param>
/// <param name="Ragged">Rows may differ in length: what stands past a row's length does not move its results.</param>
/// <param name="Carries">Pieces with carried states give what the whole gives.</param>
internal sealed record NumberLayout(bool TimeMajor, int? Batch, bool SingleStep = false, bool Ragged = false, bool Carries = false)
{
    private const int MostTogether = 16384; // steps of one run, padding included

    /// <summary>Which rows to read in one run; see <see cref="RowGroups.Of"/>.</summary>
    public IEnumerable<int[]> Group(IReadOnlyList<int> lengths) =>
        RowGroups.Of(lengths, Ragged, longest => Batch ?? Math.Max(1, MostTogether / longest));
}

/// <summary>Runs a graph that reads numbers. Safe for any number of threads.</summary>
internal sealed class NumberRun(RuntimeSession session, NumberSignature signature, NumberLayout layout, RunLimit limit)
{
    private const float Least = 1.1754944e-38f; // the smallest probability that has a logarithm of use

    private readonly string[] _outputs = [signature.Answer, .. signature.States.Select(state => state.Output).Where(output => output.Length > 0)];

    public NumberSignature Signature => signature;

    public NumberLayout Layout => layout;

    /// <summary>Reads rows, the longest first, and moves their states on. A fixed batch is filled up with the last row.</summary>
    /// <param name="rows">The rows, as the layout groups them.</param>
    /// <param name="states">[rows, values of the state]; empty for zero, and then left alone.</param>
    /// <param name="padding">Steps of padding after the longest row, filled with what is no zero.</param>
    /// <returns>The answers of each row, step after step.</returns>
    /// <exception cref="OnnxRuntimeException">An operator fails.</exception>
    /// <exception cref="InvalidOperationException">An output has another type or shape than it should.</exception>
    /// <exception cref="RunEndedException">It took longer than it may.</exception>
    public float[][] Compute(IReadOnlyList<NumberSequence> rows, float[] states, int padding = 0)
    {
        int batch = layout.Batch ?? rows.Count, time = rows[0].Steps + padding, size = signature.Features;
        float[] values = new float[batch * time * size];
        if (padding > 0) Array.Fill(values, 0.7f);
        long[] lengths = new long[batch];
        for (int n = 0; n < batch; n++)
        {
            NumberSequence row = rows[Math.Min(n, rows.Count - 1)];
            lengths[n] = row.Steps;
            for (int t = 0; t < row.Steps; t++)
                row.Values.Span.Slice(t * size, size).CopyTo(values.AsSpan(PlaceOf(n, t, batch, time, layout.TimeMajor) * size));
        }

        List<string> names = [signature.Values.Name];
        List<OrtValue> given = [OrtValue.CreateTensorValueFromMemory(values, layout.TimeMajor ? [time, batch, size] : [batch, time, size])];
        try
        {
            if (signature.Lengths is { } counts)
            {
                names.Add(counts.Name);
                given.Add(counts.Type == Format.Protos.TensorProto.Types.DataType.Int32
                    ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(lengths, length => (int)length), [batch])
                    : OrtValue.CreateTensorValueFromMemory(lengths, [batch]));
            }

            int from = 0;
            foreach (NumberState state in signature.States)
            {
                float[] part = new float[state.Slots * batch * state.Width];
                if (states.Length > 0) Move(state, from, rows.Count, batch, states, part, back: false);
                names.Add(state.Input);
                given.Add(OrtValue.CreateTensorValueFromMemory(part, [state.Slots, batch, state.Width]));
                from += state.Slots * state.Width;
            }

            using var found = session.Run(limit, names, given, _outputs);
            float[][] answers = Answers(found[0], rows, batch, time);
            from = 0;
            for (int i = 0; i < signature.States.Count && states.Length > 0; i++)
            {
                NumberState state = signature.States[i];
                Check(found[i + 1], state.Output, [state.Slots, batch, state.Width]);
                Move(state, from, rows.Count, batch, states, found[i + 1].GetTensorDataAsSpan<float>().ToArray(), back: true);
                from += state.Slots * state.Width;
            }

            return answers;
        }
        finally
        {
            foreach (OrtValue value in given) value.Dispose();
        }
    }

    // Which way the answers of steps lie their shape tells, where batch and time differ; else they lie as the steps do.
    private float[][] Answers(OrtValue output, IReadOnlyList<NumberSequence> rows, int batch, int time)
    {
        int size = signature.Outputs;
        int[] straight = !signature.AnswersSteps ? [batch, size] : layout.TimeMajor ? [time, batch, size] : [batch, time, size];
        int[] swapped = signature.AnswersSteps ? [straight[1], straight[0], size] : straight;
        bool isSwapped = !Fits(output, straight) && Fits(output, swapped);
        if (!isSwapped) Check(output, signature.Answer, straight);
        ReadOnlySpan<float> all = output.GetTensorDataAsSpan<float>();
        float[][] answers = new float[rows.Count][];
        for (int n = 0; n < answers.Length; n++)
        {
            answers[n] = new float[(signature.AnswersSteps ? rows[n].Steps : 1) * size];
            for (int t = 0; t < answers[n].Length / size; t++)
            {
                int place = signature.AnswersSteps ? PlaceOf(n, t, batch, time, layout.TimeMajor != isSwapped) : n;
                all.Slice(place * size, size).CopyTo(answers[n].AsSpan(t * size));
            }

            if (signature.Form != AnswerForm.Softmax) continue;
            foreach (ref float value in answers[n].AsSpan()) value = MathF.Log(MathF.Max(Least, value));
        }

        return answers;
    }

    private static void Move(NumberState state, int from, int rows, int batch, float[] states, float[] part, bool back)
    {
        int total = states.Length / rows;
        for (int slot = 0; slot < state.Slots; slot++)
        {
            for (int n = 0; n < batch; n++)
            {
                Span<float> here = states.AsSpan(Math.Min(n, rows - 1) * total + from + slot * state.Width, state.Width);
                Span<float> there = part.AsSpan((slot * batch + n) * state.Width, state.Width);
                if (!back) here.CopyTo(there);
                else if (n < rows) there.CopyTo(here);
            }
        }
    }

    // Dimensions of one may stand anywhere or be left out.
    private static bool Fits(OrtValue output, int[] expected) => output.IsTensor && output.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float
        && output.GetTensorTypeAndShape().Shape.Where(dim => dim != 1).SequenceEqual(expected.Where(dim => dim != 1).Select(dim => (long)dim));

    private static void Check(OrtValue output, string name, int[] expected)
    {
        if (Fits(output, expected)) return;
        string found = output.IsTensor ? Show([.. output.GetTensorTypeAndShape().Shape.Select(dim => (int)dim)]) : "no tensor";
        throw new InvalidOperationException($"output {Quote(name)}: {found} found; expected float {Show(expected)}");
    }

    private static int PlaceOf(int row, int step, int batch, int time, bool timeMajor) => timeMajor ? step * batch + row : row * time + step;
}
