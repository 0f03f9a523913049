using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Comparison;

/// <summary>Two models that should be one give different answers. The message says by how much and where.</summary>
public sealed class DisagreementException(string message) : Exception(message);

/// <summary>The largest difference between two models.</summary>
/// <param name="Largest">
/// The difference, as a share of the largest value expected beside it (of the same step, or of the states) where that is beyond 1, since
/// rounding grows with what is added up; infinite where a value is no number.
/// </param>
/// <param name="Where">The row, step and label where it is.</param>
public sealed record Difference(double Largest, string Where);

/// <summary>How two models are compared that may differ in what does not matter.</summary>
internal sealed record ComparisonScope
{
    /// <summary>The only number of tokens that one of them reads; null for rows of any lengths.</summary>
    public int? Length { get; init; }

    /// <summary>What one of them makes of its logits: then probabilities are compared, or their logarithms.</summary>
    public AnswerForm Form { get; init; }

    /// <summary>Whether numbers that are not finite in both agree.</summary>
    public bool AllowsNotFinite { get; init; }
}

/// <summary>
/// The one proof that two models of a configuration are equal, whatever computes them: their logits on random batches, seeded, with rows
/// of one token and rows alone, for language models from random states and in pieces too, with the states at the end; for translators of a
/// greedy translation, with the states and where each step looked; and their answer to a text.
/// </summary>
public static class Agreement
{
    /// <summary>The largest difference that rounding in another order explains.</summary>
    public const double Tolerance = 1e-5;

    /// <summary>Checks that two models agree.</summary>
    /// <param name="expected">The model to be like.</param>
    /// <param name="found">The other one, of the same configuration and vocabulary.</param>
    /// <param name="text">A text whose answers are compared too, such as the golden one; null for none.</param>
    /// <param name="seed">What the batches depend on.</param>
    /// <returns>The largest difference.</returns>
    /// <exception cref="DisagreementException">They differ by more than <see cref="Tolerance"/>.</exception>
    public static Difference Check(Model expected, Model found, string? text = null, ulong seed = 1)
    {
        return Checked(expected, found, Compare(expected, found, text, seed));
    }

    /// <summary>Checks that two models agree in what matters.</summary>
    internal static Difference Check(Model expected, Model found, ComparisonScope scope) =>
        Checked(expected, found, Compare(expected, found, null, seed: 1, scope));

    private static Difference Checked(Model expected, Model found, Difference difference)
    {
        if (difference.Largest <= Tolerance) return difference;
        (string one, string other) = (expected.Network.Backend, found.Network.Backend);
        throw new DisagreementException(FormattableString.Invariant(
            $"{other} differs from {one} by {difference.Largest:G3} at {difference.Where}; expected at most {Tolerance:G1}"));
    }

    /// <summary>Compares two models.</summary>
    /// <param name="expected">The model to be like.</param>
    /// <param name="found">The other one, of the same configuration and vocabulary.</param>
    /// <param name="text">A text whose answers are compared too, such as the golden one; null for none.</param>
    /// <param name="seed">What the batches depend on.</param>
    /// <exception cref="ArgumentException">The models are of different tasks, or the text has no token.</exception>
    public static Difference Compare(Model expected, Model found, string? text = null, ulong seed = 1) =>
        Compare(expected, found, text, seed, new ComparisonScope());

    private static Difference Compare(Model expected, Model found, string? text, ulong seed, ComparisonScope scope)
    {
        var comparison = new Comparison(expected.Config, scope);
        int[][] batches = scope.Length is { } only ? [[only], [only, only, only], [.. Enumerable.Repeat(only, 8)]] : Batches;
        for (int batch = 0; batch < batches.Length; batch++)
        {
            var random = new RandomSource(seed, (ulong)batch);
            int[] lengths = [.. batches[batch].Select(length => length > 0 ? length : 1 + random.Below(-length))];
            switch (expected, found)
            {
                case (LanguageModel one, LanguageModel other):
                    Compare(comparison, one, other, lengths, ref random, inPieces: scope.Length is null);
                    break;
                case (NumberModel one, NumberModel other):
                    NumberAgreement.Compare(comparison.AddAnswer, one, other, lengths, ref random);
                    break;
                case (Translator one, Translator other):
                    Translate(comparison, one, other, Ids(lengths, one.Vocabulary.Tokens.Count, ref random));
                    break;
                case (Classifier one, Classifier other):
                    int[][] texts = Ids(lengths, one.Vocabulary.Tokens.Count, ref random);
                    comparison.AddLogits(lengths, "logits", Calibrated(one, Read(texts, one.Network.Forward)), Calibrated(other, Read(texts, other.Network.Forward)));
                    break;
                case (Tagger one, Tagger other):
                    TaggerInput[] sentences = Sentences(one, lengths, ref random);
                    comparison.AddLogits(
                        lengths, "logits", Calibrated(one, Read(sentences, one.Network.Forward)), Calibrated(other, Read(sentences, other.Network.Forward)));
                    break;
                default:
                    throw new ArgumentException(
                        $"the models are a {expected.GetType().Name} and a {found.GetType().Name}; expected two of one task", nameof(found));
            }
        }

        if (text is not null && (expected, found) is (Translator read, Translator written))
        {
            Translate(comparison, read, written, [read.ReadSource(text)]);
        }
        else if (text is not null && (expected, found) is (NumberModel numbers, NumberModel likewise))
        {
            NumberAgreement.Compare(comparison.AddAnswer, numbers, likewise, [numbers.Read(text)]);
        }
        else if (text is not null)
        {
            // Labels may change places where their scores are equal, so it is the scores that tell.
            ModelAnswer one = expected.Answer(text), other = found.Answer(text);
            comparison.Add([.. one.Scores], [.. other.Scores], i => $"the answer to the text: score {i}, {Quote(one.Labels[i])}");
        }

        return comparison.Result;
    }

    // Lengths of the rows of each batch; −n draws one of 1 to n.
    private static readonly int[][] Batches = [[1], [7], [200], [1, 7, 3], [5, 5, 5, 5], [-40, 1, -40, -12, -40, -40, 2]];

    private static void Compare(Comparison comparison, LanguageModel expected, LanguageModel found, int[] lengths, ref RandomSource random, bool inPieces)
    {
        int[][] rows = Ids(lengths, expected.Vocabulary.Tokens.Count, ref random);
        foreach (bool isFresh in (bool[])[true, false])
        {
            int count = lengths.Length;
            RecurrentState one = expected.NewState(count), whole = found.NewState(count), parts = found.NewState(count);
            float[] start = new float[one.Bytes / sizeof(float)];
            foreach (ref float value in start.AsSpan()) value = isFresh ? 0 : (float)random.Normal() / 2;
            foreach (RecurrentState state in (RecurrentState[])[one, whole, parts]) Set(state, start);
            string from = isFresh ? "" : " from a random state";

            int[] cuts = new int[count];
            for (int row = 0; row < count; row++) cuts[row] = random.Below(lengths[row] + 1);
            float[][] logits = Read(rows, cuts: null, expected.Network, one);
            comparison.AddLogits(lengths, $"logits{from}", logits, Read(rows, cuts: null, found.Network, whole));
            string place = $"states{from} of rows of {string.Join(", ", lengths)} tokens";
            comparison.Add(Get(one), Get(whole), i => $"{place}: value {i}");
            if (!inPieces) continue;
            comparison.AddLogits(lengths, $"logits in two pieces{from}", logits, Read(rows, cuts, found.Network, parts));
            comparison.Add(Get(one), Get(parts), i => $"{place} read in two pieces: value {i}");
        }
    }

    // Both read what the first finds likeliest, so that they cannot part where two tokens are as good.
    private static void Translate(Comparison comparison, Translator expected, Translator found, int[][] sources)
    {
        const int most = 12;
        RecurrentState one = expected.Network.Encode(sources), other = found.Network.Encode(sources);
        string rows = $"a translation of sources of {string.Join(", ", sources.Select(source => source.Length))} tokens";
        int[] next = [.. Enumerable.Repeat(expected.TargetTokenizer.Vocabulary.EndId, sources.Length)];
        for (int step = 0; step < most; step++)
        {
            int[][] read = [.. next.Select(id => (int[])[id])];
            float[][] logits = Read(read, cuts: null, expected.Network, one), likewise = Read(read, cuts: null, found.Network, other);
            for (int row = 0; row < sources.Length; row++)
            {
                string place = $"{rows}: row {row}, step {step}";
                comparison.Add(logits[row], likewise[row], i => $"{place}, token {i}");
                if (one.Sources[row] is { } seen) comparison.Add(seen.Weights, other.Sources[row]!.Weights, i => $"{place}, attention to token {i}");
                next[row] = TensorPrimitives.IndexOfMax<float>(logits[row]);
            }

            comparison.Add(Get(one), Get(other), i => $"states of {rows}, step {step}: value {i}");
        }
    }

    /// <summary>The logits of each row, step after step, read at once or in two pieces.</summary>
    private static float[][] Read(int[][] rows, int[]? cuts, ILanguageNetwork network, RecurrentState state)
    {
        if (cuts is null) return Piece((_, length) => ..length);
        float[][] first = Piece((row, _) => ..cuts[row]), second = Piece((row, _) => cuts[row]..);
        return [.. first.Zip(second, (one, other) => (float[])[.. one, .. other])];

        float[][] Piece(Func<int, int, Range> range) => Read(
            [.. rows.Select((row, i) => new ReadOnlyMemory<int>(row)[range(i, row.Length)])],
            (IReadOnlyList<ReadOnlyMemory<int>> parts, LogitsReader logits, Action? _) =>
                network.Forward(parts, new int[parts.Count], state, logits));
    }

    private static float[][] Read<TRow>(IReadOnlyList<TRow> rows, Action<IReadOnlyList<TRow>, LogitsReader, Action?> read)
    {
        List<float>[] result = [.. rows.Select(_ => new List<float>())];
        read(rows, (row, _, logits) => result[row].AddRange(logits), null);
        return [.. result.Select(values => values.ToArray())];
    }

    /// <summary>The logits that probabilities are made of: a graph that was written has the division in its weights.</summary>
    internal static float[][] Calibrated(Model model, float[][] logits)
    {
        if (model.Config.Calibration is { } temperature)
        {
            foreach (float[] row in logits) TensorPrimitives.Divide(row, temperature, row);
        }

        return logits;
    }

    private static int[][] Ids(int[] lengths, int below, ref RandomSource random)
    {
        int[][] rows = [.. lengths.Select(length => new int[length])];
        foreach (int[] row in rows)
        {
            foreach (ref int id in row.AsSpan()) id = random.Below(below);
        }

        return rows;
    }

    // Words of the vocabulary, and with a character network as many that are spelled at random.
    private static TaggerInput[] Sentences(Tagger tagger, int[] lengths, ref RandomSource random)
    {
        TaggerInput[] sentences = new TaggerInput[lengths.Length];
        for (int i = 0; i < sentences.Length; i++)
        {
            string[] words = new string[lengths[i]];
            foreach (ref string word in words.AsSpan())
            {
                if (tagger.Vocabulary.Characters is { } characters && random.Below(2) == 0)
                {
                    string[] letters = new string[1 + random.Below(20)];
                    foreach (ref string letter in letters.AsSpan()) letter = characters[random.Below(characters.Count)];
                    word = string.Concat(letters);
                }
                else
                {
                    word = tagger.Vocabulary.Tokens[random.Below(tagger.Vocabulary.Tokens.Count)];
                }
            }

            sentences[i] = tagger.Encode(words);
        }

        return sentences;
    }

    // A network's state as one list: h and then c, whichever way it keeps them.
    private static void Set(RecurrentState state, float[] values)
    {
        if (state.Hidden.Length + state.CellState.Length != values.Length)
        {
            throw new ArgumentException(
                $"the states have {values.Length} and {state.Hidden.Length + state.CellState.Length} values; expected models of one form",
                nameof(state));
        }

        values.AsSpan(0, state.Hidden.Length).CopyTo(state.Hidden);
        values.AsSpan(state.Hidden.Length).CopyTo(state.CellState);
    }

    private static float[] Get(RecurrentState state) => [.. state.Hidden, .. state.CellState, .. state.Fed];

    /// <summary>The largest difference so far.</summary>
    private sealed class Comparison(ModelConfig config, ComparisonScope scope)
    {
        public Difference Result { get; private set; } = new(0, "nothing");

        /// <summary>Compares the logits of rows, step after step.</summary>
        public void AddLogits(int[] lengths, string what, float[][] expected, float[][] found)
        {
            for (int row = 0; row < expected.Length; row++)
            {
                string place = $"{what} of rows of {string.Join(", ", lengths)} tokens: row {row}";
                int steps = config.Task == ModelTask.Classifier ? 1 : lengths[row], size = expected[row].Length / steps;
                for (int step = 0; step < steps; step++)
                {
                    int at = step;
                    Span<float> one = expected[row].AsSpan(step * size, size), other = found[row].AsSpan(step * size, size);
                    AddScores(one, other, i => $"{place}, step {at}, {Label(i)}");
                }
            }
        }

        /// <summary>Compares an answer of models that read numbers: scores, or values in their own units.</summary>
        public void AddAnswer(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, Func<int, string> where)
        {
            if (config.Task is ModelTask.Regressor or ModelTask.Forecaster) Add(expected, found, where);
            else AddScores(expected.ToArray(), found.ToArray(), where);
        }

        private void AddScores(Span<float> expected, Span<float> found, Func<int, string> where)
        {
            if (scope.Form != AnswerForm.Logits || scope.AllowsNotFinite && IsBeyondMeasure(expected))
            {
                Normalize(expected);
                Normalize(found);
            }

            Add(expected, found, where);
        }

        // Products so large that what is left of their sum is rounding: only which of them is the largest tells.
        private static bool IsBeyondMeasure(ReadOnlySpan<float> logits)
        {
            const float most = 1e6f;
            foreach (float value in logits)
            {
                if (!(MathF.Abs(value) <= most)) return true;
            }

            return false;
        }

        // Logits that differ by a number have the same softmax. What is as good as impossible is so in both.
        private void Normalize(Span<float> logits)
        {
            const float least = -80;
            float largest = TensorPrimitives.Max(logits);
            double sum = 0;
            foreach (float value in logits) sum += Math.Exp(value - largest);
            foreach (ref float value in logits)
            {
                double logarithm = value - largest - Math.Log(sum);
                value = (float)(scope.Form == AnswerForm.Sigmoid ? Math.Exp(logarithm) : logarithm < least ? least : logarithm);
            }
        }

        /// <summary>Compares values of one kind.</summary>
        public void Add(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, Func<int, string> where)
        {
            double largest = Math.Abs(TensorPrimitives.MaxMagnitude(expected)), scale = double.IsFinite(largest) ? Math.Max(1, largest) : 1;
            if (scope.AllowsNotFinite && !double.IsFinite(largest))
            {
                foreach (float value in expected) scale = float.IsFinite(value) ? Math.Max(scale, Math.Abs(value)) : scale;
            }

            for (int i = 0; i < expected.Length; i++)
            {
                if (scope.AllowsNotFinite && !float.IsFinite(expected[i]) && !float.IsFinite(found[i])) continue;
                double distance = Math.Abs((double)expected[i] - found[i]) / scale;
                if (double.IsNaN(distance)) distance = double.PositiveInfinity;
                if (distance > Result.Largest) Result = new Difference(distance, where(i));
            }
        }

        private string Label(int i) => config.Task == ModelTask.LanguageModel ? $"token {i}" : $"label {Quote(config.NetworkLabels[i])}";
    }
}
