using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;
using RnnService.Onnx.Runtime.Signatures;

namespace RnnService.Onnx.Runtime.Probing;

/// <summary>
/// Trial runs of a graph under one layout, on random rows. A layout is right when shapes fit, no row moves another's results, and an
/// answer moves with the tokens around it. Used by one thread.
/// </summary>
internal sealed class GraphTrials(TokenGraph graph, ModelConfig config, ModelVocabulary vocabulary)
{
    /// <summary>What is said where a row moves with those beside it, as of [time,batch] read the other way.</summary>
    public const string OtherRows = "moves with the other rows";

    private const float Near = 1e-4f; // of rows computed in another company; what is wrong differs by far more
    private const int Tries = 8; // to find tokens that move an answer

    private readonly GraphSignature _signature = graph.Signature;
    private RandomSource _random = new(1);

    /// <summary>The graph with its layout.</summary>
    public TokenGraph Graph { get; } = graph;

    /// <summary>Whether what speaks against the layout is that the graph does not run at all.</summary>
    public bool HasFailed { get; private set; }

    private int Batch => Graph.Layout.Batch ?? 3;

    /// <summary>Tokens of the usual trial row: another number than the rows, so that the two are not mistaken for each other.</summary>
    private int Time => Graph.Layout.SingleStep ? 1 : Graph.Layout.Time ?? (Batch == 4 ? 3 : 4);

    /// <summary>What speaks against the layout, or null.</summary>
    public string? Problem()
    {
        try
        {
            return RowsProblem() ?? CompanyProblem() ?? ContextProblem();
        }
        catch (Exception error) when (error is OnnxRuntimeException or InvalidOperationException)
        {
            HasFailed = true;
            return Said(error);
        }
    }

    /// <summary>Why rows of a number of tokens cannot be read, or null.</summary>
    public string? LengthProblem(int time)
    {
        try
        {
            Read(NewRows([.. Enumerable.Repeat(time, Graph.Layout.Batch ?? 1)]), [], out _);
            return null;
        }
        catch (Exception error) when (error is OnnxRuntimeException or InvalidOperationException)
        {
            return Said(error);
        }
    }

    /// <summary>
    /// Whether all values that the graph gives are from 0 to 1, whether those of each answer sum to one, whether its logits are logarithms
    /// of what sums to one, and how many an answer has.
    /// </summary>
    public (bool InUnit, bool SumToOne, bool AreLogarithms, int Width) RawRange()
    {
        bool inUnit = true, sum = true, logarithms = true;
        int width = 0;
        for (int i = 0; i < Tries; i++)
        {
            using GraphReading reading = Graph.Run(NewRows([.. Enumerable.Repeat(Time, Batch)]), NewStates(Batch));
            float[] values = reading.Raw();
            width = reading.Width;
            for (int row = 0; row < Batch && logarithms; row++)
            {
                for (int step = 0; step < (_signature.AnswersTokens ? Time : 1); step++)
                {
                    double total = 0;
                    foreach (float value in reading.Logits(row, step)) total += Math.Exp(value);
                    logarithms &= !double.IsFinite(total) || Math.Abs(total - 1) < 1e-3;
                }
            }

            inUnit &= values.All(value => value is >= 0 and <= 1 || !float.IsFinite(value));
            sum &= reading.Width > 1 && !_signature.Answer.LabelsSecond
                && values.Chunk(reading.Width).All(answer => !answer.All(float.IsFinite) || MathF.Abs(answer.Sum() - 1) < 1e-3f);
        }

        return (inUnit, inUnit && sum, logarithms, width);
    }

    /// <summary>Whether rows of different lengths, padded, give what each gives alone.</summary>
    public bool IsRagged()
    {
        if (_signature.Lengths is null && _signature.Mask is null || Graph.Layout.SingleStep || Graph.Layout.Time is not null) return false;
        int batch = Batch, time = Time;
        GraphRow[] rows = NewRows([.. Enumerable.Range(0, batch).Select(row => Math.Max(1, time - row))]);
        try
        {
            // One row more of padding, so that a batch of 1 tells too.
            float[][] together = Read(rows, [], out float[] after, padding: 2);
            for (int row = 0; row < Math.Min(batch, time); row++)
            {
                float[][] alone = Read([rows[row]], [], out float[] afterAlone);
                float[] states = StatesOf(after, row, batch), statesAlone = StatesOf(afterAlone, 0, Graph.BatchOf(1));
                if (!Closeness.AreNear(alone[0], together[row], Near) || !Closeness.AreNear(statesAlone, states, Near)) return false;
            }

            return true;
        }
        catch (Exception error) when (error is OnnxRuntimeException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether a single token is answered as its repetition is.</summary>
    public bool RepeatsTokens()
    {
        const int longest = 5, tokens = 3;
        if (config.Task != ModelTask.Classifier || !_signature.IsRecurrent) return false;
        int[][] ids = [.. Enumerable.Range(0, tokens).Select(_ => NewIds(1))];
        float[][] once = [.. ids.Select(token => AnswerTo(token))];
        return Enumerable.Range(2, longest - 1).Any(
            times => ids.Zip(once).All(pair => AnswerTo([.. Enumerable.Repeat(pair.First[0], times)]).SequenceEqual(pair.Second)));
    }

    /// <summary>
    /// How many tokens of a long text count at most, where this number stands in the graph, such as that of a loop that the exporter wrote
    /// out; null where all count. What fades, or loses against a maximum, does so in texts of every length.
    /// </summary>
    public int? TokensThatCount(int longest)
    {
        if (config.Task != ModelTask.Classifier || Graph.Layout.SingleStep) return null;
        int[] lengths = [longest, longest - 7];
        int? found = null;
        foreach (int length in lengths)
        {
            int[] ids = NewIds(length);
            float[] answer = AnswerTo(ids);
            for (int i = 1; i < Tries && !Closeness.IsFinite(answer); i++) answer = AnswerTo(ids = NewIds(length));
            if (!Closeness.IsFinite(answer)) return null;
            int count = length;
            if (!Moves(ids, answer, length - 1))
            {
                int most = length - 1, least = 0;
                while (least < most)
                {
                    int middle = (least + most) / 2;
                    if (Moves(ids, answer, middle)) least = middle + 1;
                    else most = middle;
                }

                count = least;
                // What fades does so little by little: the last token that counts then hardly moves the answer.
                if (count > 0 && Shift(ids, answer, count - 1) < Near) return null;
            }

            if (count == length || found is not null && found != count) return null;
            found = count;
        }

        return found;
    }

    /// <summary>Rows do not move each other, answers are finite, and a state that is carried on goes on.</summary>
    private string? RowsProblem()
    {
        int batch = Batch;
        GraphRow[] rows = NewRows([.. Enumerable.Repeat(Time, batch)]);
        float[] states = NewStates(batch);
        float[][] expected = Read(rows, states, out float[] after);
        for (int i = 1; i < Tries && !expected.Any(Closeness.IsFinite); i++)
        {
            rows = NewRows([.. Enumerable.Repeat(Time, batch)]);
            expected = Read(rows, states, out after);
        }

        if (!expected.Any(Closeness.IsFinite)) return "logits that are no numbers";
        foreach (int kept in batch > 1 ? [0, batch - 1] : (int[])[])
        {
            GraphRow[] others = NewRows([.. Enumerable.Repeat(Time, batch)]);
            others[kept] = rows[kept];
            float[][] found = Read(others, states, out _);
            if (!Closeness.AreNear(expected[kept], found[kept], 1e-6f)) return $"row {kept} {OtherRows}";
        }

        if (config.Task != ModelTask.LanguageModel || Graph.Layout.SingleStep || Graph.Layout.Time is not null) return null;
        Read([.. rows.Select(row => row with { Ids = row.Ids[..1] })], states, out float[] between);
        float[][] rest = Read([.. rows.Select(row => row with { Ids = row.Ids[1..] })], between, out float[] later);
        bool same = Closeness.AreNear(after, later, Near);
        for (int row = 0; row < batch; row++) same &= Closeness.AreNear(expected[row].AsSpan(_signature.OutputSize), rest[row], Near);
        return same ? null : "read in two pieces, the state carried on, it gives something else than read at once";
    }

    /// <summary>Where any number of rows is taken, a row gives alone and beside one other what it gives among three.</summary>
    private string? CompanyProblem()
    {
        if (Graph.Layout.Batch is not null) return null;
        GraphRow[] rows = NewRows([.. Enumerable.Repeat(Time, Batch)]);
        float[][] together = Read(rows, [], out _);
        foreach (int count in (int[])[1, 2])
        {
            float[][] fewer = Read(rows[..count], [], out _);
            for (int row = 0; row < count; row++)
            {
                if (!Closeness.AreNear(together[row], fewer[row], Near)) return $"row {row} of {count} gives something else than among {rows.Length}";
            }
        }

        return null;
    }

    /// <summary>An answer moves with the tokens around it, or with those of the text.</summary>
    private string? ContextProblem()
    {
        int time = Time, size = _signature.OutputSize;
        if (time < 2) return null;
        if (config.Task == ModelTask.Classifier)
        {
            bool first = false, last = false;
            for (int i = 0; i < Tries && !(first && last); i++)
            {
                int[] ids = NewIds(time), other = NewIds(time);
                float[] answer = AnswerTo(ids);
                first |= !AnswerTo([.. other[..^1], ids[^1]]).SequenceEqual(answer);
                last |= !AnswerTo([ids[0], .. other[1..]]).SequenceEqual(answer);
            }

            return first && last ? null
                : !first && !last ? "the answer is the same whatever the text"
                : $"the answer depends on the {(first ? "first" : "last")} token alone";
        }

        foreach (int place in (int[])[0, time - 1])
        {
            bool moves = false;
            for (int i = 0; i < Tries && !moves; i++)
            {
                int[] ids = NewIds(time), other = [.. ids];
                other[place] = NewIds(1)[0];
                moves = !AnswerTo(ids).AsSpan(place * size, size).SequenceEqual(AnswerTo(other).AsSpan(place * size, size));
            }

            if (!moves) return $"the answer to the {(place == 0 ? "first" : "last")} token does not move with that token";
        }

        for (int i = 0; i < Tries; i++)
        {
            int[] ids = NewIds(time);
            float[] answer = AnswerTo(ids), earlier = AnswerTo([.. NewIds(time - 1), ids[^1]]), later = AnswerTo([ids[0], .. NewIds(time - 1)]);
            bool moves = !earlier.AsSpan(^size..).SequenceEqual(answer.AsSpan(^size..)) || !later.AsSpan(0, size).SequenceEqual(answer.AsSpan(0, size));
            if (moves) return null;
        }

        return "each token's answer depends on that token alone, not on those before or after it";
    }

    // Whether another end of a text, from a token on, gives another answer.
    private bool Moves(int[] ids, float[] answer, int from)
    {
        for (int i = 0; i < Tries; i++)
        {
            if (!AnswerTo([.. ids[..from], .. NewIds(ids.Length - from)]).SequenceEqual(answer)) return true;
        }

        return false;
    }

    // How far other tokens from a place on move the answer, as a share of it.
    private float Shift(int[] ids, float[] answer, int from)
    {
        float most = 0;
        for (int i = 0; i < Tries; i++)
        {
            float[] other = AnswerTo([.. ids[..from], .. NewIds(ids.Length - from)]);
            for (int k = 0; k < other.Length; k++)
                most = MathF.Max(most, MathF.Abs(other[k] - answer[k]) / MathF.Max(1, MathF.Abs(answer[k])));
        }

        return most;
    }

    private float[] AnswerTo(int[] ids) => Read([.. Enumerable.Repeat(RowOf(ids), Graph.Layout.Batch ?? 1)], [], out _)[0];

    // One row's part of [slots, batch, H].
    private float[] StatesOf(float[] states, int row, int batch) =>
        [.. states.Chunk(_signature.StateSize).Where((_, i) => i % batch == row).SelectMany(values => values)];

    private GraphRow[] NewRows(int[] lengths) => [.. lengths.Select(length => RowOf(NewIds(length)))];

    private int[] NewIds(int length)
    {
        int[] ids = new int[length];
        foreach (ref int id in ids.AsSpan()) id = _random.Below(vocabulary.Tokens.Count);
        return ids;
    }

    // The same token is spelled the same.
    private GraphRow RowOf(int[] ids) => new(ids, _signature.Characters is null ? null : [.. ids.Select(SpellingOf)]);

    private int[] SpellingOf(int id)
    {
        var random = new RandomSource(2, (ulong)id);
        int[] characters = new int[1 + random.Below(4)];
        foreach (ref int character in characters.AsSpan()) character = random.Below(vocabulary.Characters!.Count);
        return characters;
    }

    private float[] NewStates(int batch)
    {
        float[] states = new float[Graph.Slots * batch * _signature.StateSize];
        foreach (ref float value in states.AsSpan()) value = (float)_random.Normal() / 2;
        return states;
    }

    /// <summary>The logits of each row, step after step, and the states after it.</summary>
    private float[][] Read(GraphRow[] rows, float[] states, out float[] after, int padding = 0)
    {
        using GraphReading reading = Graph.Run(rows, states, padding);
        float[][] result = new float[rows.Length][];
        for (int row = 0; row < rows.Length; row++)
        {
            int steps = _signature.AnswersTokens ? rows[row].Ids.Length : 1;
            result[row] = new float[steps * _signature.OutputSize];
            for (int t = 0; t < steps; t++) reading.Logits(row, t).CopyTo(result[row].AsSpan(t * _signature.OutputSize));
        }

        after = new float[Graph.Slots * Graph.BatchOf(rows.Length) * _signature.StateSize];
        reading.CopyStates(after);
        return result;
    }

    private static string Said(Exception error) =>
        error is OnnxRuntimeException runtime ? RuntimeSession.Sentence(runtime) : error.Message;
}
