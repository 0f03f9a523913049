using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Tests.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed partial class WholeModelTests
{
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Models_of_numbers(CellKind kind)
    {
        foreach (bool both in (bool[])[false, true])
        {
            foreach (NumberModel model in TinyNumbers.All(kind, both && kind != CellKind.Sum))
            {
                Check(model.Config.Task switch
                {
                    ModelTask.Classifier => new NumberTrial<SequenceHead.Trace, int[]>(model, [1, 0, 1], labels => [.. labels.Select(label => new[] { label })]),
                    ModelTask.Tagger => new NumberTrial<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>>(
                        model, [new[] { 1, 0 }, new[] { 0, 1, 1, 0 }, new[] { 1 }], Rows),
                    ModelTask.Transcriber => new NumberTrial<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>>(
                        model, [new[] { 2 }, new[] { 1, 1 }, Array.Empty<int>()], Rows),
                    ModelTask.Regressor when !model.Numbers.EachStep => new NumberTrial<SequenceHead.Trace, ValueTargets>(
                        model, new ValueTargets([new[] { 0.5f, float.NaN }, new[] { -1, 0.25f }, new[] { 2f, 9 }], 1.5f), null),
                    _ => new NumberTrial<StepHead.Trace, ValueTargets>(model, new ValueTargets([.. Values(model.Outputs)]), null),
                });
            }
        }

        static int[][] Rows(IReadOnlyList<ReadOnlyMemory<int>> rows) => [.. rows.Select(row => row.ToArray())];

        static IEnumerable<ReadOnlyMemory<float>> Values(int outputs) =>
            ((int[])[2, 4, 1]).Select((steps, i) => (ReadOnlyMemory<float>)Tests.Draw.Normal(77 + (ulong)i, steps * outputs));
    }

    /// <summary>Three sequences of 2, 4 and 1 steps.</summary>
    private sealed class NumberTrial<THead, TTargets>(NumberModel model, TTargets targets, Func<TTargets, int[][]>? ids) : Trial(model)
        where THead : struct, IHeadTrace
    {
        private readonly NumberSequence[] _rows = TinyNumbers.Draw(5, 2, 4, 1);

        public override double Loss(Pass pass, DropoutRates rates, Gradients gradients)
        {
            var network = (NumberNetwork<THead, TTargets>)model.Network;
            var trace = network.Forward(pass, _rows, network.NewState(_rows.Length), rates);
            return network.Backward(pass, trace, targets, gradients);
        }

        public override double ReferenceLoss(Dictionary<string, double[]> values)
        {
            double loss = 0;
            for (int i = 0; i < _rows.Length; i++)
            {
                double[][] hidden = Run(values, [.. Enumerable.Range(0, _rows[i].Steps).Select(t => Standard(values, _rows[i].Slice(t, 1).Values.Span))]);
                bool once = model.Config.Task == ModelTask.Classifier || model is Regressor && !model.Numbers.EachStep;
                double[][] features = once ? [Pooled(values, hidden)] : hidden;
                double[][] outputs = [.. features.Select(row => Logits(values["head.weight"], values["head.bias"], row))];
                loss += model.Config.Crf ? ChainReference.Loss(values, outputs, ids!(targets)[i]) : model is Transcriber ? CtcReference.Loss(outputs, ids!(targets)[i])
                    : targets is ValueTargets wanted ? outputs.Select((row, t) => Errors(row, wanted.Rows[i].Span[(t * row.Length)..], wanted.Huber)).Sum()
                    : outputs.Select((row, t) => Math.Log(row.Sum(Math.Exp)) - row[ids!(targets)[i][t]]).Sum();
            }

            return loss;
        }

        private static double[] Standard(Dictionary<string, double[]> values, ReadOnlySpan<float> x)
        {
            double[] z = new double[x.Length];
            for (int f = 0; f < z.Length; f++)
            {
                double deviation = values["input.std"][f];
                z[f] = (x[f] - values["input.mean"][f]) / (deviation > 0 ? deviation : 1);
            }

            return z;
        }

        private static double Errors(double[] found, ReadOnlySpan<float> wanted, double huber)
        {
            double sum = 0;
            for (int i = 0; i < found.Length; i++)
            {
                double error = double.IsNaN(wanted[i]) ? 0 : Math.Abs(found[i] - wanted[i]);
                sum += error <= huber ? error * error : huber * (2 * error - huber);
            }

            return sum;
        }
    }
}
