using RnnService.Onnx.Import.Files;

namespace RnnService.Onnx.Import.Weights;

/// <content>Whether the tensors fit each other, before anything is concluded from their shapes.</content>
internal sealed partial class TensorSet
{
    /// <summary>
    /// Checks that matrices lie as PyTorch keeps them, [out, in], as far as their shapes beside each other tell: a square one may lie either
    /// way.
    /// </summary>
    /// <exception cref="ImportException">Some lie transposed, or cannot belong together.</exception>
    public void CheckShapes()
    {
        if (Recurrence() is not (var rows, var size)) return;
        var problems = new List<string>();
        bool isTransposed = false;
        foreach (string suffix in (string[])["", ReverseSuffix])
        {
            for (int layer = 0; tensors.ContainsKey($"{RecurrentName}{layer}{suffix}"); layer++)
            {
                Expect($"{RecurrentName}{layer}{suffix}", rows, size);
                // What the first layer reads is as wide as the embedding says, or the matrix itself.
                Expect($"rnn.weight_ih_l{layer}{suffix}", rows, layer == 0 ? null : size * Ways());
            }
        }

        Expect(EmbeddingName, null, InputSize(rows));
        Expect(HeadName, tensors.GetValueOrDefault("head.bias")?.Shape is [var outputs] ? outputs : null, size * Ways());
        if (problems.Count == 0) return;
        throw new ImportException(Path, problems, isTransposed
            ? "PyTorch keeps a matrix as [out, in]; Keras, TensorFlow and Paddle as [in, out], and Keras its gates in another order: docs/onnx.md has "
                + "the lines of Python that turn them. What square matrices hide, a check of logits shows"
            : null);

        void Expect(string name, int? expectedRows, int? expectedColumns)
        {
            if (!tensors.TryGetValue(name, out FoundTensor? tensor) || tensor.Shape is not [var first, var second]) return;
            if (Fits(first, second) || expectedRows is null && expectedColumns is null) return;
            string expected = $"[{expectedRows ?? (expectedColumns == first ? second : first)}, {expectedColumns ?? (expectedRows == second ? first : second)}]";
            if (Fits(second, first))
            {
                isTransposed = true;
                problems.Add($"{Describe(name)} lies transposed; expected {expected}");
            }
            else if (name == HeadName)
            {
                problems.Add(
                    $"{Describe(name)} reads {second} values, and the recurrent layers give {expectedColumns}; expected {expected}. Some pooling joined, "
                    + "attention or a layer between has no place here; an ONNX graph of it can be served as it is");
            }
            else if (name == EmbeddingName)
            {
                problems.Add($"{Describe(name)} gives {second} values, and the first recurrent layer reads {expectedColumns}; expected {expected}");
            }

            bool Fits(int height, int width) => (expectedRows is null || height == expectedRows) && (expectedColumns is null || width == expectedColumns);
        }
    }

    // Rows of all gates together and width of the state, whichever way the matrix lies.
    private (int Rows, int Size)? Recurrence()
    {
        var (first, second) = Matrix(RecurrentName + 0);
        if (first is null) (first, second) = Matrix(RecurrentName + 0 + ReverseSuffix);
        if (first is not { } rows || second is not { } columns) return null;
        if (rows % columns == 0 && rows / columns is 1 or 3 or 4) return (rows, columns);
        return columns % rows == 0 && columns / rows is 3 or 4 ? (columns, rows) : null;
    }

    private int Ways() => tensors.ContainsKey(RecurrentName + 0) && tensors.ContainsKey(RecurrentName + 0 + ReverseSuffix) ? 2 : 1;

    // What the first layer reads of the embedding: what it reads, without what a network of characters gives.
    private int? InputSize(int rows)
    {
        var (first, second) = Matrix("rnn.weight_ih_l0");
        if (first is null) (first, second) = Matrix("rnn.weight_ih_l0" + ReverseSuffix);
        int? width = first == rows ? second : second == rows ? first : null;
        bool spells = tensors.Keys.Any(name => name.StartsWith("characters.", StringComparison.Ordinal));
        return spells ? width - 2 * Matrix("characters.rnn.weight_hh_l0").Columns : width;
    }
}
