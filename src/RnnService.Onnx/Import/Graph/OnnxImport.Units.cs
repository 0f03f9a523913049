using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Graph.Symbols;
using RnnService.Onnx.Import.Weights;

namespace RnnService.Onnx.Import.Graph;

/// <content>The units of numbers: means and standard deviations, of steps and of values.</content>
internal sealed partial class OnnxImport
{
    /// <summary>Takes the units of steps and, where a task has them, of values.</summary>
    /// <exception cref="WeightFormatException">The graph has others than the task.</exception>
    public void TakeUnits(ModelTask task)
    {
        int features = Stack.Source.Origin.Size, outputs = Head.Outputs.Size!.Value;
        float[] mean = Values(Stack.Source.Mean, features, 0), deviation = Deviations(Stack.Source.Factor, features, ofOutputs: false);
        float[] outputMean = Values(Head.Offset, outputs, 0), outputDeviation = Deviations(Head.Factor, outputs, ofOutputs: true);
        switch (task)
        {
            case ModelTask.Regressor:
                AddUnits("output", outputMean, outputDeviation);
                break;
            case ModelTask.Forecaster when outputs % features != 0:
                throw Refuse($"{outputs} outputs found; expected a multiple of the {features} features");
            case ModelTask.Forecaster:
                // A forecast has the units of what is read, step after step.
                if (Enumerable.Range(0, outputs).Any(i => outputMean[i] != mean[i % features] || 1 / outputDeviation[i] != 1 / deviation[i % features]))
                    throw Refuse("its values have other units than its steps; expected the same mean and standard deviation of each feature");
                deviation = outputDeviation[..features];
                break;
            case var _ when Head.Factor is not null || Head.Offset is not null:
                throw Refuse("its scores are given units; expected logits");
        }

        AddUnits("input", mean, deviation);
    }

    private void AddUnits(string prefix, float[] mean, float[] deviation)
    {
        _tensors[$"{prefix}.mean"] = new FoundTensor($"{prefix}.mean", [mean.Length], () => mean);
        _tensors[$"{prefix}.std"] = new FoundTensor($"{prefix}.std", [deviation.Length], () => deviation);
    }

    // σ of (x − μ) / σ and of σ·z + μ. The engine multiplies by 1 / σ.
    private float[] Deviations(UnitFactor? factor, int count, bool ofOutputs)
    {
        float[] values = Values(factor?.Values, count, 1);
        if (factor?.Divides == ofOutputs) values = [.. values.Select(Inverse)];
        return Array.TrueForAll(values, value => value > 0 && float.IsFinite(value))
            ? values
            : throw Refuse("a standard deviation is not above 0; expected positive numbers");
    }

    private float[] Values(SymbolicValue.Constant? constant, int count, float otherwise)
    {
        float[] values = constant is null ? [otherwise] : _file.Floats(constant.Tensor);
        return values.Length == count ? values : [.. Enumerable.Repeat(values[0], count)];
    }

    private Format.OnnxFormatException Refuse(string problem) => _file.Refuse(Head.Place, problem);

    /// <summary>The number whose reciprocal a number is, where there is one.</summary>
    private static float Inverse(float value)
    {
        float near = 1 / value, below = MathF.BitDecrement(near), above = MathF.BitIncrement(near);
        return Array.Find([near, below, above, MathF.BitDecrement(below), MathF.BitIncrement(above)], one => 1 / one == value) is var found and not 0 ? found : near;
    }
}
