using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Tasks;
using RnnService.Engine.Weights;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// Finds out how a graph wants its rows by running it: a layout is right when shapes fit and no row moves another's results. So nobody has
/// to say which dimension is time, whether the exporter wrote the batch of its example into the graph, or whether lengths are honoured.
/// </summary>
internal sealed class LayoutProbe(
    RuntimeSession session, GraphSignature signature, ModelConfig config, ModelVocabulary vocabulary, RunOptions options)
{
    private const float Near = 1e-4f; // of rows computed in another company; what is wrong differs by far more

    private RandomSource _random = new(1);

    /// <summary>The layout.</summary>
    /// <exception cref="OnnxFormatException">None fits.</exception>
    public GraphLayout Find()
    {
        List<string> problems = [];
        foreach (bool timeMajor in (bool[])[false, true])
        {
            (int? batch, string? first) = signature.DeclaredBatch(timeMajor);
            int? time = signature.Ids.Sizes[timeMajor ? 0 : 1];
            bool single = time == 1 && config.Task == ModelTask.LanguageModel;
            if (time is not null && !single) first ??= $"rows of {time} tokens alone; rows of any length wanted";
            if (first is null)
            {
                foreach (int? candidate in batch is not null ? [batch] : (int?[])[null, 1, .. signature.LikelyBatches()])
                {
                    var graph = new TokenGraph(session, signature, new GraphLayout(timeMajor, candidate, single, Ragged: false), options);
                    if (Problem(graph) is not { } problem) return graph.Layout with { Ragged = IsRagged(graph) };
                    first ??= problem;
                }
            }

            problems.Add($"as {(timeMajor ? "[time,batch]" : "[batch,time]")}: {first}");
        }

        throw signature.Refuse(signature.Ids, $"no reading fits ({string.Join("; ", problems)}); rows that do not move each other wanted");
    }

    /// <summary>What speaks against a layout, or null.</summary>
    private string? Problem(TokenGraph graph)
    {
        try
        {
            if (graph.Layout.Batch is { } fixedBatch) return Problem(graph, fixedBatch);
            return Problem(graph, 3) ?? Problem(graph, 1);
        }
        catch (OnnxRuntimeException error)
        {
            return $"ONNX Runtime says: {RuntimeSession.Sentence(error)}";
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }

    private string? Problem(TokenGraph graph, int batch)
    {
        int time = graph.Layout.SingleStep ? 1 : TimeBeside(batch);
        GraphRow[] rows = NewRows([.. Enumerable.Repeat(time, batch)]);
        float[] states = NewStates(graph, batch);
        float[][] wanted = Read(graph, rows, states, out float[] after);
        if (wanted.Any(row => row.Any(value => !float.IsFinite(value)))) return "logits that are no numbers";
        if (AreProbabilities(wanted)) return "probabilities; logits, from before the softmax, wanted";
        foreach (int kept in batch > 1 ? [0, batch - 1] : (int[])[])
        {
            GraphRow[] others = NewRows([.. Enumerable.Repeat(time, batch)]);
            others[kept] = rows[kept];
            float[][] found = Read(graph, others, states, out _);
            if (!AreNear(wanted[kept], found[kept], 1e-6f)) return $"row {kept} moves with the other rows";
        }

        if (config.Task != ModelTask.LanguageModel || graph.Layout.SingleStep) return null;
        Read(graph, [.. rows.Select(row => row with { Ids = row.Ids[..1] })], states, out float[] between);
        float[][] rest = Read(graph, [.. rows.Select(row => row with { Ids = row.Ids[1..] })], between, out float[] later);
        bool same = AreNear(after, later, Near);
        for (int row = 0; row < batch; row++) same &= AreNear(wanted[row].AsSpan(signature.OutputSize), rest[row], Near);
        return same ? null : "read in two pieces, the state carried on, it gives something else than read at once";
    }

    /// <summary>Whether rows of different lengths, padded, give what each gives alone.</summary>
    private bool IsRagged(TokenGraph graph)
    {
        int batch = graph.Layout.Batch ?? 3, time = TimeBeside(batch);
        if (signature.Lengths is null || batch == 1 || graph.Layout.SingleStep) return false;
        GraphRow[] rows = NewRows([.. Enumerable.Range(0, batch).Select(row => Math.Max(1, time - row))]);
        float[] zero = [];
        try
        {
            float[][] together = Read(graph, rows, zero, out float[] after);
            for (int row = 0; row < Math.Min(batch, time); row++)
            {
                float[][] alone = Read(graph, [rows[row]], zero, out float[] afterAlone);
                float[] states = StatesOf(after, row, batch), statesAlone = StatesOf(afterAlone, 0, graph.BatchOf(1));
                if (!AreNear(alone[0], together[row], Near) || !AreNear(statesAlone, states, Near)) return false;
            }

            return true;
        }
        catch (Exception error) when (error is OnnxRuntimeException or InvalidOperationException)
        {
            return false;
        }
    }

    // One row's part of [slots, batch, H].
    private float[] StatesOf(float[] states, int row, int batch) =>
        [.. states.Chunk(signature.StateSize).Where((_, i) => i % batch == row).SelectMany(values => values)];

    // Another size than the batch, so that the two are not mistaken for each other.
    private static int TimeBeside(int batch) => batch == 4 ? 3 : 4;

    private GraphRow[] NewRows(int[] lengths) => [.. lengths.Select(length =>
    {
        int[] ids = new int[length];
        foreach (ref int id in ids.AsSpan()) id = _random.Below(vocabulary.Tokens.Count);
        return new GraphRow(ids, signature.Characters is null ? null : [.. ids.Select(_ => NewWord())]);
    })];

    private int[] NewWord()
    {
        int[] characters = new int[1 + _random.Below(4)];
        foreach (ref int id in characters.AsSpan()) id = _random.Below(vocabulary.Characters!.Count);
        return characters;
    }

    private float[] NewStates(TokenGraph graph, int batch)
    {
        float[] states = new float[graph.Slots * batch * signature.StateSize];
        foreach (ref float value in states.AsSpan()) value = (float)_random.Normal() / 2;
        return states;
    }

    /// <summary>The logits of each row, step after step, and the states after it.</summary>
    private float[][] Read(TokenGraph graph, GraphRow[] rows, float[] states, out float[] after)
    {
        using TokenGraph.Reading reading = graph.Run(rows, states);
        float[][] result = new float[rows.Length][];
        for (int row = 0; row < rows.Length; row++)
        {
            int steps = signature.AnswersTokens ? rows[row].Ids.Length : 1;
            result[row] = new float[steps * signature.OutputSize];
            for (int t = 0; t < steps; t++) reading.Logits(row, t).CopyTo(result[row].AsSpan(t * signature.OutputSize));
        }

        after = new float[graph.Slots * graph.BatchOf(rows.Length) * signature.StateSize];
        reading.CopyStates(after);
        return result;
    }

    private bool AreProbabilities(float[][] rows) => rows.All(row => row.Chunk(signature.OutputSize)
        .All(values => values.All(value => value is >= 0 and <= 1) && MathF.Abs(values.Sum() - 1) < 1e-3f));

    private static bool AreNear(ReadOnlySpan<float> wanted, ReadOnlySpan<float> found, float share)
    {
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!(MathF.Abs(wanted[i] - found[i]) <= share * MathF.Max(1, MathF.Abs(wanted[i])))) return false;
        }

        return true;
    }
}
