using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Weights;

/// <summary>
/// What docs/onnx.md says of Keras: its layers by their documented equations, in double, beside the engine with the same weights turned as
/// the page turns them.
/// </summary>
public sealed class KerasOrderTests
{
    private const int Inputs = 5, Units = 6, Tokens = 8, Labels = 3;

    [Theory]
    [InlineData(CellKind.Lstm)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.GruBefore)]
    [InlineData(CellKind.Tanh)]
    public void Weights_turned_as_the_page_says_give_the_answers_of_keras(CellKind cell)
    {
        int gates = cell switch { CellKind.Lstm => 4, CellKind.Tanh => 1, _ => 3 }, width = gates * Units;
        float[] embedding = Draw.Normal(1, Tokens * Inputs), kernel = Draw.Normal(2, Inputs * width, 0.5);
        float[] recurrent = Draw.Normal(3, Units * width, 0.5), bias = Draw.Normal(4, width, 0.5);
        float[] second = cell == CellKind.Gru ? Draw.Normal(5, width, 0.5) : new float[width]; // reset_after has two rows
        float[] dense = Draw.Normal(6, Units * Labels), denseBias = Draw.Normal(7, Labels);
        bool isGru = cell is CellKind.Gru or CellKind.GruBefore;
        var tensors = new Dictionary<string, float[]>
        {
            ["embedding.weight"] = embedding,
            ["rnn.weight_ih_l0"] = Rows(kernel, width, isGru),
            ["rnn.weight_hh_l0"] = Rows(recurrent, width, isGru),
            ["rnn.bias_ih_l0"] = Rows(bias, width, isGru),
            ["rnn.bias_hh_l0"] = Rows(second, width, isGru),
            ["head.weight"] = Rows(dense, Labels, isGru: false),
            ["head.bias"] = denseBias,
        };
        var config = new ModelConfig
        {
            Task = ModelTask.Classifier,
            Cell = cell,
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = Inputs,
            HiddenSize = Units,
            Labels = ["a", "b", "c"],
        };
        var vocabulary = new ModelVocabulary(new Vocabulary([Vocabulary.Unknown, .. "abcdefg".Select(letter => $"{letter}")]));
        var model = (Classifier)TextModel.Create(config, vocabulary, Parameters.From((name, _) => tensors[name]));
        foreach (int[] text in new int[][] { [3], [1, 2, 3, 4, 5, 6, 7], [7, 7, 0] })
        {
            double[] h = new double[Units], c = new double[Units];
            foreach (int id in text) (h, c) = Step(cell, [.. embedding[(id * Inputs)..((id + 1) * Inputs)]], h, c, kernel, recurrent, bias, second);
            double[] wanted = [.. Product(h, dense, Labels).Zip(denseBias, (x, b) => x + b)];
            model.Network.Forward([text], (_, _, logits) => Expect.Near(wanted, logits, 1e-5, "logit"));
        }
    }

    /// <summary>Columns to rows; of a GRU the first two blocks change places: z, r, h to r, z, n.</summary>
    private static float[] Rows(float[] matrix, int columns, bool isGru)
    {
        int rows = matrix.Length / columns, block = columns / 3;
        float[] result = new float[matrix.Length];
        for (int column = 0; column < columns; column++)
        {
            int target = !isGru || column >= 2 * block ? column : column < block ? column + block : column - block;
            for (int row = 0; row < rows; row++) result[target * rows + row] = matrix[row * columns + column];
        }

        return result;
    }

    // keras.layers.LSTM (i, f, c, o), GRU (z, r, h, with reset_after or without) and SimpleRNN.
    private static (double[] H, double[] C) Step(
        CellKind cell, double[] x, double[] h, double[] c, float[] kernel, float[] recurrent, float[] bias, float[] second)
    {
        int width = bias.Length;
        double[] ofInput = [.. Product(x, kernel, width).Zip(bias, (sum, b) => sum + b)];
        double[] ofState = [.. Product(h, recurrent, width).Zip(second, (sum, b) => sum + b)];
        double[] next = new double[Units], memory = new double[Units];
        double[] left = new double[Units];
        for (int u = 0; u < Units; u++) left[u] = cell == CellKind.GruBefore ? Sigmoid(Both(1, u)) * h[u] : 0;
        double[] ofLeft = Product(left, recurrent, width);
        for (int u = 0; u < Units; u++)
        {
            switch (cell)
            {
                case CellKind.Lstm:
                    memory[u] = Sigmoid(Both(1, u)) * c[u] + Sigmoid(Both(0, u)) * Math.Tanh(Both(2, u));
                    next[u] = Sigmoid(Both(3, u)) * Math.Tanh(memory[u]);
                    break;
                case CellKind.Tanh:
                    next[u] = Math.Tanh(Both(0, u));
                    break;
                default:
                    double z = Sigmoid(Both(0, u)), r = Sigmoid(Both(1, u)), input = ofInput[2 * Units + u];
                    double candidate = Math.Tanh(input + (cell == CellKind.Gru ? r * ofState[2 * Units + u] : ofLeft[2 * Units + u]));
                    next[u] = z * h[u] + (1 - z) * candidate;
                    break;
            }
        }

        return (next, memory);

        double Both(int gate, int unit) => ofInput[gate * Units + unit] + ofState[gate * Units + unit];
    }

    // x · m, m by rows of so many columns, as Keras keeps matrices.
    private static double[] Product(double[] x, float[] matrix, int columns) =>
        [.. Enumerable.Range(0, columns).Select(column => x.Select((value, row) => value * matrix[row * columns + column]).Sum())];

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
