using RnnService.Engine.Layers;
using RnnService.Engine.Models;

namespace RnnService.Engine.Tests.Cells;

/// <summary>
/// A translator written straight from its equations, one pair and one unit at a time, in double. What a step feeds the next stands beside the
/// embedding in one input, as the papers have it. Shares nothing with the engine but the parameters' names.
/// </summary>
internal sealed class ReferenceTranslator(ModelConfig config, Dictionary<string, double[]> values)
{
    private readonly DecoderConfig _decoder = config.Decoder!;

    private int Directions => config.Bidirectional ? 2 : 1;

    private int StateSize => _decoder.HiddenSize ?? config.HiddenSize;

    private int Gates => config.Cell switch { CellKind.Lstm => 4, CellKind.Gru or CellKind.GruBefore => 3, _ => 1 };

    /// <summary>The logits after every token that the decoder reads, and where each step looked.</summary>
    public (double[][] Logits, double[][] Weights) Run(int[] source, int[] inputs)
    {
        int size = StateSize;
        (double[][] h, double[][] c) = (States(config.Layers * Directions, config.HiddenSize), States(config.Layers * Directions, config.HiddenSize));
        double[][] read = new ReferenceNetwork(
            config.Cell, values, "encoder", config.EmbeddingSize, config.HiddenSize, config.Layers, config.Direction)
            .Run([.. source.Select(id => Row("embedding.weight", id, config.EmbeddingSize))], h, c);

        double[][] s = new double[_decoder.Layers][], memory = new double[_decoder.Layers][];
        for (int layer = 0; layer < s.Length; layer++)
        {
            int from = Math.Min(layer, config.Layers - 1) * Directions;
            s[layer] = [.. Linear($"bridge.h_l{layer}", [.. h[from..(from + Directions)].SelectMany(x => x)]).Select(Math.Tanh)];
            memory[layer] = config.Cell == CellKind.Lstm ? Linear($"bridge.c_l{layer}", [.. c[from..(from + Directions)].SelectMany(x => x)]) : new double[size];
        }

        int width = config.TieWeights ? config.EmbeddingSize : size;
        string embedding = _decoder.SharedVocabulary ? "embedding.weight" : "decoder.embedding.weight";
        double[] fed = new double[width];
        var network = new ReferenceNetwork(
            config.Cell, WithFeed(width), "decoder", config.EmbeddingSize + (_decoder.InputFeeding ? width : 0), size, _decoder.Layers, Direction.Forward);
        double[][] logits = new double[inputs.Length][], weights = new double[inputs.Length][];
        for (int t = 0; t < inputs.Length; t++)
        {
            double[] x = Row(embedding, inputs[t], config.EmbeddingSize);
            double[] top = network.Run([_decoder.InputFeeding ? [.. x, .. fed] : x], s, memory)[0];
            (double[] context, weights[t]) = Attend(read, top);
            fed = [.. Linear("attention.combine", [.. context, .. top]).Select(Math.Tanh)];
            logits[t] = Product(values[config.TieWeights ? embedding : "head.weight"], values["head.bias"], fed);
        }

        return (logits, weights);
    }

    private (double[] Context, double[] Weights) Attend(double[][] read, double[] state)
    {
        if (_decoder.Attention == AttentionKind.None) return ([], []);
        double[] scores = [.. read.Select(row =>
        {
            double[] key = Product(values["attention.key.weight"], new double[StateSize], row);
            if (_decoder.Attention == AttentionKind.Multiplicative) return key.Zip(state, (k, q) => k * q).Sum();
            double[] query = Linear("attention.query", state);
            return Enumerable.Range(0, key.Length).Sum(i => values["attention.score.weight"][i] * Math.Tanh(key[i] + query[i]));
        })];
        double sum = scores.Sum(Math.Exp);
        double[] weights = [.. scores.Select(score => Math.Exp(score) / sum)];
        return ([.. Enumerable.Range(0, read[0].Length).Select(unit => read.Zip(weights, (row, weight) => weight * row[unit]).Sum())], weights);
    }

    /// <summary>The values with the first layer's matrix as it is where embedding and what is fed are one input.</summary>
    private Dictionary<string, double[]> WithFeed(int width)
    {
        if (!_decoder.InputFeeding) return values;
        double[] own = values["decoder.weight_ih_l0"], feed = values["decoder.feed.weight"];
        return new Dictionary<string, double[]>(values)
        {
            ["decoder.weight_ih_l0"] =
            [
                .. Enumerable.Range(0, Gates * StateSize).SelectMany(row => own[(row * config.EmbeddingSize)..((row + 1) * config.EmbeddingSize)]
                    .Concat(feed[(row * width)..((row + 1) * width)])),
            ],
        };
    }

    private double[] Linear(string name, double[] x) => Product(values[$"{name}.weight"], values[$"{name}.bias"], x);

    private static double[] Product(double[] weight, double[] bias, double[] x) =>
        [.. bias.Select((b, row) => b + Enumerable.Range(0, x.Length).Sum(i => weight[row * x.Length + i] * x[i]))];

    private double[] Row(string name, int id, int size) => values[name][(id * size)..((id + 1) * size)];

    private static double[][] States(int count, int size) => [.. Enumerable.Range(0, count).Select(_ => new double[size])];
}
