using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Weights;

/// <summary>A tensor of a file.</summary>
/// <param name="Origin">Its name in the file.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Values">Reads its values, row-major; null when they are no floats that can be read.</param>
/// <param name="Type">How the file keeps them.</param>
internal sealed record FoundTensor(string Origin, IReadOnlyList<int> Shape, Func<float[]>? Values, ElementType Type = ElementType.F32)
{
    /// <summary>The element type as the file names it.</summary>
    public string Element { get; init; } = "F32";
}

/// <summary>The tensors of a file under the names this engine gives them; nothing of their size is allocated before they fit.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="tensors">The tensors by name.</param>
/// <param name="type">The element type they are kept in.</param>
internal sealed partial class TensorSet(string path, Dictionary<string, FoundTensor> tensors, ElementType type)
{
    private const string EmbeddingName = "embedding.weight", RecurrentName = "rnn.weight_hh_l", ReverseSuffix = "_reverse";
    private const string HeadName = "head.weight";
    private const int MostCompared = 1000; // names: a file may hold ten times as many

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; } = path;

    /// <summary>Number of tensors.</summary>
    public int Count => tensors.Count;

    /// <summary>The element type they are kept in.</summary>
    public ElementType Type { get; } = type;

    /// <summary>Whether the head had one row, the probability of the second of two labels: see <see cref="SigmoidHead"/>.</summary>
    public bool IsSigmoid { get; init; }

    /// <summary>What the shapes say about the network.</summary>
    public NetworkFacts Facts()
    {
        var (tokens, embeddingSize) = Matrix(EmbeddingName);
        var (rows, hiddenSize) = Matrix(RecurrentName + 0);
        if (hiddenSize is null) (rows, hiddenSize) = Matrix(RecurrentName + 0 + ReverseSuffix);
        int layers = 0;
        while (Has(layers, "") || Has(layers, ReverseSuffix)) layers++;
        return new NetworkFacts
        {
            Tokens = tokens,
            EmbeddingSize = embeddingSize,
            HiddenSize = rows % hiddenSize == 0 ? hiddenSize : null,
            Cells = rows % hiddenSize != 0 ? null : (rows / hiddenSize) switch
            {
                1 => [CellKind.Tanh, CellKind.Relu],
                3 => [CellKind.Gru, CellKind.GruBefore],
                4 => [CellKind.Lstm],
                _ => null,
            },
            Layers = layers > 0 ? layers : null,
            Direction = layers == 0 ? null
                : !Has(0, ReverseSuffix) ? Direction.Forward
                : Has(0, "") ? Direction.Bidirectional
                : Direction.Reverse,
            Outputs = Matrix(HeadName).Rows,
            IsSigmoid = IsSigmoid,
            IfTied = tensors.ContainsKey(EmbeddingName) ? null : Matrix(HeadName),
        };

        bool Has(int layer, string suffix) => tensors.ContainsKey($"{RecurrentName}{layer}{suffix}");
    }

    /// <summary>What to say when sizes are missing that the tensors do not tell, for want of their names; null when they do.</summary>
    public string? Advice()
    {
        bool hasRecurrent = tensors.ContainsKey(RecurrentName + 0) || tensors.ContainsKey(RecurrentName + 0 + ReverseSuffix);
        string[] absent = [.. from name in (string[])[EmbeddingName, RecurrentName + 0, HeadName]
                              where name == RecurrentName + 0 ? !hasRecurrent : !tensors.ContainsKey(name)
                              select name];
        if (absent.Length == 0) return null;
        string holds = tensors.Count == 0 ? "nothing" : ImportException.List(tensors.Keys);
        string map = hasRecurrent ? ""
            : TensorNames.DescribeRecurrent(tensors.Keys) is { } modules ? $". Of them are {modules}"
            : Suggest([(RecurrentName + 0, null)], tensors.Keys) is { } entries ? $"; {entries}" : "";
        string? foreign = tensors.Keys.FirstOrDefault(name => ForeignLayers.Explain(name).Length > 0);
        string layer = foreign is null ? "" : $". {Quote(foreign)}{ForeignLayers.Explain(foreign)}";
        return $"{Path} has no {string.Join(", ", absent)}, which would tell; it holds {holds}{map}{layer}";
    }

    /// <summary>The parameters of the network that a configuration describes.</summary>
    /// <param name="config">What the model is.</param>
    /// <param name="vocabulary">Its tokens; null for a model that reads numbers.</param>
    /// <param name="notes">Told what was assumed.</param>
    /// <exception cref="ArgumentException">The configuration contradicts itself or the vocabulary.</exception>
    /// <exception cref="ImportException">A tensor is missing, has no place, is of another shape or type, or is not finite.</exception>
    public Parameters Fit(ModelConfig config, ModelVocabulary? vocabulary, List<string> notes)
    {
        Dictionary<string, IReadOnlyList<int>> expected =
            Model.ParametersOf(config, vocabulary).ToDictionary(entry => entry.Name, entry => entry.Shape, StringComparer.Ordinal);
        TakeTiedHead(config);
        // Another name of a tensor that has its place needs none.
        HashSet<string> placed = [.. expected.Keys.Where(tensors.ContainsKey).Select(name => tensors[name].Origin)];
        string[] extra =
        [
            .. from entry in tensors
               where !expected.ContainsKey(entry.Key) && !IsTiedHead(config, entry.Key) && !(placed.Contains(entry.Value.Origin) && IsShared(entry.Value))
               select entry.Key,
        ];
        HashSet<string> zeros = extra.Length == 0 ? MissingBiases(expected.Keys) : [];
        (string Name, IReadOnlyList<int>? Shape)[] missing = [.. from entry in expected
                                                                where !tensors.ContainsKey(entry.Key) && !zeros.Contains(entry.Key)
                                                                select (entry.Key, entry.Value)];
        var problems = new List<string>();
        foreach (var (name, shape) in missing)
        {
            string nearest = NearestName.Of(name, extra.Take(MostCompared)) is { } near ? $"; nearest: {Describe(near)}" : "";
            problems.Add($"missing: {name} {Show(shape!)}{nearest}");
        }

        foreach (var (name, shape) in expected)
        {
            if (!tensors.TryGetValue(name, out FoundTensor? found)) continue;
            if (!found.Shape.SequenceEqual(shape))
                problems.Add($"misshapen: {Describe(name)}; expected {Show(shape)}");
            else if (found.Values is null)
                problems.Add($"{Quote(found.Origin)} is {found.Element}; expected F32, F16 or BF16: model.float() before saving makes F32");
        }

        problems.AddRange(extra.Select(name => $"no place: {Describe(name)}{ForeignLayers.Explain(name)}"));
        if (problems.Count > 0) throw new ImportException(Path, problems, Suggest(missing, extra));

        Dictionary<string, float[]> values = expected.Keys.Where(tensors.ContainsKey)
            .ToDictionary(name => name, name => tensors[name].Values!(), StringComparer.Ordinal);
        CheckTiedHead(config, values, problems);
        CheckFinite(values, problems);
        if (problems.Count > 0) throw new ImportException(Path, problems);
        if (zeros.Count > 0) notes.Add($"{Path} has no {string.Join(", ", zeros.Order(StringComparer.Ordinal))}: zeros are taken");
        return Parameters.From((name, shape) => values.TryGetValue(name, out float[]? found) ? found : new float[shape[0]]);
    }

    private static string Show(IReadOnlyList<int> shape) => WeightFormatException.Show([.. shape]);

    private static bool IsTiedHead(ModelConfig config, string name) => config.TieWeights && name == HeadName;

    private (int? Rows, int? Columns) Matrix(string name) =>
        tensors.TryGetValue(name, out FoundTensor? tensor) && tensor.Shape is [> 0 and int rows, > 0 and int columns]
            ? (rows, columns)
            : (null, null);

    private string Describe(string name)
    {
        FoundTensor tensor = tensors[name];
        return $"{(tensor.Origin == name ? Quote(name) : $"{Quote(tensor.Origin)}, mapped to {Quote(name)},")} {Show(tensor.Shape)}";
    }

    // A layer made with bias=False has none at all; where only some are missing, or others have no place, names differ.
    private HashSet<string> MissingBiases(IEnumerable<string> expected) =>
        [.. from name in expected
            let start = name.IndexOf(".bias", StringComparison.Ordinal)
            where start >= 0
            group name by name[..start] into layer
            where !layer.Any(tensors.ContainsKey)
            from name in layer
            select name];

    // Of two names of one matrix, a file may have kept the head's.
    private void TakeTiedHead(ModelConfig config)
    {
        if (config.TieWeights && !tensors.ContainsKey(EmbeddingName) && tensors.TryGetValue(HeadName, out FoundTensor? head))
            tensors.Add(EmbeddingName, head);
    }

    private bool IsShared(FoundTensor tensor) => tensors.Values.Count(other => ReferenceEquals(other, tensor)) > 1;

    // PyTorch keeps a tied matrix under both names.
    private void CheckTiedHead(ModelConfig config, Dictionary<string, float[]> values, List<string> problems)
    {
        if (!config.TieWeights || !tensors.TryGetValue(HeadName, out FoundTensor? head)) return;
        bool isSame = head.Values is not null && head.Shape.SequenceEqual(tensors[EmbeddingName].Shape)
            && head.Values().AsSpan().SequenceEqual(values[EmbeddingName]);
        if (!isSame) problems.Add($"{Describe(HeadName)} differs from {EmbeddingName}; expected the same values with tie_weights");
    }

    private void CheckFinite(Dictionary<string, float[]> values, List<string> problems)
    {
        foreach (var (name, numbers) in values)
        {
            int wrong = Array.FindIndex(numbers, number => !float.IsFinite(number));
            if (wrong < 0) continue;
            string place = $"{Quote(tensors[name].Origin)}: value {wrong}";
            problems.Add(FormattableString.Invariant($"{place} is {numbers[wrong]}; expected finite numbers"));
        }
    }

    // The map entries that would give tensors without a place the names that are missing: those that end alike and have the same shape.
    private string? Suggest(IEnumerable<(string Name, IReadOnlyList<int>? Shape)> missing, IEnumerable<string> extra)
    {
        var left = new HashSet<string>(extra, StringComparer.Ordinal);
        var entries = new List<string>();
        foreach (var (name, shape) in missing)
        {
            string end = name[(name.LastIndexOf('.') + 1)..];
            string[] fitting =
            [
                .. left.Where(other => shape?.SequenceEqual(tensors[other].Shape) ?? true)
                    .Where(other => other == end || other.EndsWith("." + end, StringComparison.Ordinal)).Take(MostCompared),
            ];
            string? likely = NearestName.Of(name, fitting) ?? fitting.FirstOrDefault();
            if (likely is null) continue;
            left.Remove(likely);
            entries.Add(EntryOf(tensors[likely].Origin, name));
        }

        string[] shown = [.. entries.Distinct().Take(8)];
        return shown.Length == 0 ? null : $"a map file may help: {{{string.Join(", ", shown)}}}";
    }

    private static string EntryOf(string from, string to)
    {
        string[] theirs = from.Split('.'), ours = to.Split('.');
        int same = 0;
        while (same < Math.Min(theirs.Length - 1, ours.Length) && theirs[^(same + 1)] == ours[^(same + 1)]) same++;
        if (same == 0) return $"{Quote(from)}: {Quote(to)}";
        string[] start = [.. ours[..^same], "*"];
        return $"{Quote(string.Join('.', theirs[..^same]) + ".*")}: {Quote(string.Join('.', start))}";
    }
}
