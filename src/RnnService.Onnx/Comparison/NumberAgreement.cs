using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.Onnx.Comparison;

/// <summary>Compares two values; told where they stand.</summary>
internal delegate void ValueComparison(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, Func<int, string> where);

/// <summary>
/// Models that read numbers beside each other: what they give for sequences, values in their own units, and for those that carry their states the same
/// read in two pieces.
/// </summary>
internal static class NumberAgreement
{
    /// <summary>Compares on sequences drawn in the units that the model knows.</summary>
    public static void Compare(ValueComparison compare, NumberModel expected, NumberModel found, int[] lengths, ref RandomSource random)
    {
        int size = expected.Numbers.Features;
        Standardization? units = (expected.Network as IMeasuredNetwork ?? found.Network as IMeasuredNetwork)?.InputUnits;
        var rows = new NumberSequence[lengths.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            float[] values = new float[lengths[row] * size];
            foreach (ref float value in values.AsSpan()) value = (float)random.Normal();
            for (int at = 0; at < values.Length; at += size) units?.Invert(values.AsSpan(at, size));
            rows[row] = new NumberSequence(values, size);
        }

        Compare(compare, expected, found, rows);
    }

    /// <summary>Compares on these sequences.</summary>
    public static void Compare(ValueComparison compare, NumberModel expected, NumberModel found, NumberSequence[] rows)
    {
        float[][] whole = Answers(expected, rows), likewise = Answers(found, rows);
        Add(whole, likewise, "");
        if (!(expected.IsCausal && found.IsCausal)) return;
        RecurrentState state = found.NewState(rows.Length);
        float[][] first = found.Logits([.. rows.Select(row => row.Slice(0, row.Steps / 2))], state);
        float[][] second = found.Logits([.. rows.Select(row => row.Slice(row.Steps / 2, row.Steps - row.Steps / 2))], state);
        bool eachStep = found.Config.AnswersEachStep;
        Add(whole, [.. first.Zip(second, (one, other) => InUnits(found, eachStep ? [.. one, .. other] : other))], " in two pieces");

        void Add(float[][] one, float[][] other, string how)
        {
            string place = $"answers{how} to rows of {string.Join(", ", rows.Select(row => row.Steps))} steps";
            for (int row = 0; row < rows.Length; row++)
            {
                for (int at = 0; at < one[row].Length; at += expected.Outputs)
                {
                    (int here, int step) = (row, at / expected.Outputs);
                    compare(
                        one[row].AsSpan(at, expected.Outputs), other[row].AsSpan(at, expected.Outputs), i => $"{place}: row {here}, step {step}, value {i}");
                }
            }
        }
    }

    private static float[][] Answers(NumberModel model, NumberSequence[] rows) => [.. model.Logits(rows).Select(logits => InUnits(model, logits))];

    private static float[] InUnits(NumberModel model, float[] logits) => model switch
    {
        Regressor regressor => regressor.Values(logits),
        Forecaster forecaster => forecaster.Values(logits),
        _ => Agreement.Calibrated(model, [logits])[0],
    };
}
