using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Tests.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>
/// The gradient of each task's loss with respect to its weights, from the text on: against the numeric derivative of the same network
/// written out in double, and, with dropout, against the model's own loss along a random direction.
/// </summary>
public sealed partial class WholeModelTests
{
    private static readonly DropoutRates Dropped = new() { Words = 0.25f, Embedding = 0.3f, Between = 0.4f, Output = 0.5f };

    public static TheoryData<CellKind> Kinds => CellTests.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Language_model(CellKind kind)
    {
        foreach (bool tied in (bool[])[false, true]) Check(new LanguageTrial(Tiny.Language(kind, seed: 3, tied: tied)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Classifier(CellKind kind)
    {
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            foreach (bool both in (bool[])[false, true]) Check(new ClassifierTrial(Tiny.Classifier(kind, pooling, both, seed: 3)));
            Check(new ClassifierTrial(Tiny.Classifier(kind, pooling, both: false, seed: 3, reverse: true)));
        }

        Check(new ClassifierTrial(Tiny.Classifier(kind, Pooling.Mean, seed: 3), [[2], [0], [1]], [.5f, 3, 1]));
        Check(new ClassifierTrial(Tiny.MultiLabel(kind, Pooling.Mean), [[2, 0], [], [1]]));
        Check(new ClassifierTrial(Tiny.MultiLabel(kind, Pooling.Last), [[2, 0], [], [1]], [.5f, 3, 1]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Tagger(CellKind kind)
    {
        foreach (bool characters in (bool[])[false, true])
        {
            Check(new TaggerTrial(Tiny.Tagger(kind, characters, both: kind != CellKind.Sum, seed: 3), characters ? [] : [.5f, 3, 1]));
            Check(new TaggerTrial(Tiny.Tagger(kind, characters, both: kind != CellKind.Sum, seed: 3, crf: true), []));
        }
    }

    private static void Check(Trial trial)
    {
        CheckAgainstReference(trial);
        // A step along all weights crosses the kinks of ReLU and of a maximum; masks do not depend on either.
        if (trial.Model.Config is { Cell: not CellKind.Relu, Pooling: not (Pooling.Max or Pooling.Concat) }) CheckWithDropout(trial);
    }

    private static void CheckAgainstReference(Trial trial)
    {
        Parameters parameters = trial.Model.Parameters;
        var values = parameters.All.ToDictionary(parameter => parameter.Name, parameter => Draw.ToDouble(parameter.Values));
        var gradients = new Gradients(parameters);
        Assert.Equal(trial.ReferenceLoss(values), trial.Loss(new Pass(new Workspace(), record: true), new DropoutRates(), gradients), 2e-5);
        var random = new RandomSource(9);
        foreach (Parameter parameter in parameters.All.Where(parameter => !parameter.IsFixed))
        {
            ReadOnlySpan<float> gradient = gradients.Of(parameter);
            double[] data = values[parameter.Name];
            // The largest entry, because in a matrix of embeddings most are zero, and some at random.
            int largest = TensorPrimitives.IndexOfMaxMagnitude(gradient);
            int[] sample = [largest, .. Enumerable.Range(0, 8).Select(_ => random.Below(data.Length))];
            double[] wanted = new double[sample.Length];
            float[] found = new float[sample.Length];
            for (int i = 0; i < sample.Length; i++)
            {
                const double Step = 1e-5;
                double value = data[sample[i]];
                data[sample[i]] = value + Step;
                double above = trial.ReferenceLoss(values);
                data[sample[i]] = value - Step;
                wanted[i] = (above - trial.ReferenceLoss(values)) / (2 * Step);
                data[sample[i]] = value;
                found[i] = gradient[sample[i]];
            }

            Expect.NearLargest(wanted, found, 1e-4, 1e-2, $"{trial.Model.Config.Cell}, gradient of {parameter.Name}, sample");
        }
    }

    private static void CheckWithDropout(Trial trial)
    {
        Assert.NotEqual(Loss(2, new Gradients(trial.Model.Parameters)), Loss(3, new Gradients(trial.Model.Parameters)), 1e-3);
        Expect.GradientAlong(trial.Model, gradients => Loss(2, gradients));

        double Loss(ulong draw, Gradients gradients) => trial.Loss(new Pass(new Workspace(), new Dropout(1, draw), record: true), Dropped, gradients);
    }

    /// <summary>A model with a batch of its task and the targets; the loss is summed over all targets.</summary>
    private abstract class Trial(Model model)
    {
        public Model Model { get; } = model;

        /// <summary>The engine's loss; its gradients are added.</summary>
        public abstract double Loss(Pass pass, DropoutRates rates, Gradients gradients);

        /// <summary>The loss without dropout, in double.</summary>
        public abstract double ReferenceLoss(Dictionary<string, double[]> values);

        protected static double[] Embed(Dictionary<string, double[]> values, int id, int size, string prefix = "") =>
            values[prefix + "embedding.weight"][(id * size)..((id + 1) * size)];

        protected double[][] Run(Dictionary<string, double[]> values, double[][] inputs)
        {
            ModelConfig config = Model.Config;
            if (inputs.Length == 0) return [];
            int slots = config.Layers * (config.Bidirectional ? 2 : 1);
            double[][] h = [.. Enumerable.Range(0, slots).Select(_ => new double[config.HiddenSize])];
            double[][] c = [.. Enumerable.Range(0, slots).Select(_ => new double[config.HiddenSize])];
            int size = inputs[0].Length;
            return new ReferenceNetwork(config.Cell, values, "rnn", size, config.HiddenSize, config.Layers, config.Direction)
                .Run(inputs, h, c);
        }

        /// <summary>One vector of the outputs of all steps.</summary>
        protected double[] Pooled(Dictionary<string, double[]> values, double[][] outputs)
        {
            double[] weights = [.. outputs.Select(step => Math.Exp(values.GetValueOrDefault("attention.weight")?.Zip(step, (v, h) => v * h).Sum() ?? 0))];
            return [.. from part in Pool.PartsOf(Model.Config.Pooling) from unit in Enumerable.Range(0, outputs[0].Length) select part switch
            {
                Pooling.Mean => outputs.Average(step => step[unit]),
                Pooling.Max => outputs.Max(step => step[unit]),
                Pooling.Attention => outputs.Zip(weights, (step, weight) => weight * step[unit]).Sum() / weights.Sum(),
                _ => !Model.Config.Reverse && unit < Model.Config.HiddenSize ? outputs[^1][unit] : outputs[0][unit],
            }];
        }

        /// <summary>−log softmax(W x + b)[target].</summary>
        protected static double Nats(double[] weight, double[] bias, double[] x, int target)
        {
            double[] logits = Logits(weight, bias, x);
            return Math.Log(logits.Sum(Math.Exp)) - logits[target];
        }

        /// <summary>W x + b.</summary>
        protected static double[] Logits(double[] weight, double[] bias, double[] x) =>
            [.. bias.Select((start, o) => start + x.Select((value, i) => weight[o * x.Length + i] * value).Sum())];
    }

    private sealed class LanguageTrial : Trial
    {
        private readonly LanguageModel _model;
        private readonly int[][] _rows;

        public LanguageTrial(LanguageModel model)
            : base(model)
        {
            _model = model;
            _rows = [model.Tokenizer.Encode("the cat"), model.Tokenizer.Encode("a dog sat."), model.Tokenizer.Encode("on")];
        }

        public override double Loss(Pass pass, DropoutRates rates, Gradients gradients)
        {
            ReadOnlyMemory<int>[] inputs = [.. _rows.Select(row => row.AsMemory()[..^1])];
            var network = (LanguageNetwork)_model.Network;
            LanguageNetwork.Trace trace = network.Forward(pass, inputs, _model.NewState(_rows.Length), rates);
            Span<float> logits = trace.Logits.Span;
            int vocabulary = Tiny.Letters.Count;
            double loss = 0;
            for (int i = 0; i < _rows.Length; i++)
            {
                for (int t = 0; t + 1 < _rows[i].Length; t++)
                    loss += CrossEntropy.Backward(logits.Slice(trace.Layout.RowOf(i, t) * vocabulary, vocabulary), _rows[i][t + 1]);
            }

            network.BackwardFrom(pass, trace, logits, gradients);
            return loss;
        }

        public override double ReferenceLoss(Dictionary<string, double[]> values)
        {
            double loss = 0;
            double[] head = values[Model.Config.TieWeights ? "embedding.weight" : "head.weight"];
            foreach (int[] row in _rows)
            {
                double[][] outputs = Run(values, [.. row[..^1].Select(id => Embed(values, id, Model.Config.EmbeddingSize))]);
                for (int t = 0; t < outputs.Length; t++) loss += Nats(head, values["head.bias"], outputs[t], row[t + 1]);
            }

            return loss;
        }
    }

    private sealed class ClassifierTrial(Classifier model, int[][]? sets = null, float[]? weights = null) : Trial(model)
    {
        private readonly int[][] _texts =
            [model.Encode("the film was good"), model.Encode("bad"), model.Encode("I liked zebras , not the dog .")];
        private readonly int[][] _labels = sets ?? [[2], [0], [1]];

        public override double Loss(Pass pass, DropoutRates rates, Gradients gradients)
        {
            var network = (ClassifierNetwork)model.Network;
            ClassifierNetwork.Trace trace = network.Forward(pass, _texts, rates);
            return sets is null
                ? network.Backward(pass, trace, [.. _labels.Select(set => set[0])], gradients)
                : network.Backward(pass, trace, _labels, weights, gradients);
        }

        public override double ReferenceLoss(Dictionary<string, double[]> values)
        {
            double loss = 0;
            for (int i = 0; i < _texts.Length; i++)
            {
                double[][] outputs = Run(values, [.. _texts[i].Select(id => Embed(values, id, Model.Config.EmbeddingSize))]);
                double[] pooled = Pooled(values, outputs);
                double[] head = values["head.weight"], bias = values["head.bias"];
                if (model.Config.MultiLabel is not true)
                {
                    loss += (weights?[_labels[i][0]] ?? 1) * Nats(head, bias, pooled, _labels[i][0]);
                    continue;
                }

                for (int label = 0; label < bias.Length; label++)
                {
                    // log(1 + exp x) − x of a right label is log(1 + exp −x).
                    double x = bias[label] + pooled.Select((value, unit) => head[label * pooled.Length + unit] * value).Sum();
                    loss += _labels[i].Contains(label) ? (weights?[label] ?? 1) * Math.Log(1 + Math.Exp(-x)) : Math.Log(1 + Math.Exp(x));
                }
            }

            return loss;
        }
    }

    private sealed class TaggerTrial(Tagger model, float[] weights) : Trial(model)
    {
        private readonly string[][] _sentences = [["The", "cat", "sat"], ["zebras", "ran", "on", "the", "the", "x"], []];

        public override double Loss(Pass pass, DropoutRates rates, Gradients gradients)
        {
            TaggerInput[] inputs = [.. _sentences.Select(model.Encode)];
            var network = (TaggerNetwork)model.Network;
            TaggerNetwork.Trace trace = network.Forward(pass, inputs, [.. inputs.Select(input => input.Ids)], rates);
            return network.Backward(pass, trace, [.. inputs.Select((input, i) => Targets(i, input.Length).AsMemory())], weights, gradients);
        }

        private static int[] Targets(int sentence, int words) => [.. Enumerable.Range(0, words).Select(t => (sentence + t) % 3)];

        public override double ReferenceLoss(Dictionary<string, double[]> values)
        {
            double loss = 0;
            for (int i = 0; i < _sentences.Length; i++)
            {
                double[][] outputs = Run(values, [.. _sentences[i].Select(word => Read(values, word))]);
                double[][] logits = [.. outputs.Select(x => Logits(values["head.weight"], values["head.bias"], x))];
                int[] targets = Targets(i, logits.Length);
                loss += Model.Config.Crf
                    ? ChainReference.Loss(values, logits, targets)
                    : logits.Select((row, t) => (weights.Length == 0 ? 1 : weights[targets[t]]) * (Math.Log(row.Sum(Math.Exp)) - row[targets[t]])).Sum();
            }

            return loss;
        }

        /// <summary>The word's embedding, then the last state of each direction over its spelling.</summary>
        private double[] Read(Dictionary<string, double[]> values, string word)
        {
            double[] embedded = Embed(values, Tiny.Words.IdOf(word.ToLowerInvariant()), Model.Config.EmbeddingSize);
            if (Model.Config.Characters is not { } sizes) return embedded;
            (int width, int size) = (sizes.EmbeddingSize, sizes.HiddenSize);
            double[][] letters = [.. word.Select(letter => Embed(values, Tiny.Letters.IdOf([letter]), width, "characters."))];
            double[][] h = [new double[size], new double[size]], c = [new double[size], new double[size]];
            new ReferenceNetwork(Model.Config.Cell, values, "characters.rnn", width, size, 1, Direction.Bidirectional).Run(letters, h, c);
            return [.. embedded, .. h[0], .. h[1]];
        }
    }
}
