using System.Text.RegularExpressions;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Weights;

/// <summary>
/// Parameters that a state dict holds in parts, since PyTorch computes them at every step: weight drop (<c>_raw</c>), pruning
/// (<c>_orig</c>, <c>_mask</c>) and weight norm (<c>_g</c>, <c>_v</c>, or <c>parametrizations</c>). Others of the kind are refused by name.
/// </summary>
internal static partial class Decorations
{
    /// <summary>The parameters that tensors make, each as the module uses it in evaluation.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="found">The file's tensors by name.</param>
    /// <param name="notes">Told what was computed.</param>
    /// <exception cref="ImportException">Parts are missing, do not fit each other, or make something that is not computed here.</exception>
    public static List<NamedTensor> Resolve(string path, IReadOnlyDictionary<string, FoundTensor> found, List<string> notes)
    {
        var made = new Dictionary<string, NamedTensor>(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (string name in found.Keys)
        {
            if (MakeOf(name, found, problems) is not { } tensor) continue;
            if (!made.TryAdd(tensor.Name, tensor))
                problems.Add($"{Quote(tensor.Parts[0])} and {Quote(made[tensor.Name].Parts[0])} both make {Quote(tensor.Name)}; expected one of them");
        }

        if (problems.Count > 0) throw new ImportException(path, problems);
        notes.AddRange(made.Values.Take(10).Select(tensor => $"{path}: {tensor.Meaning}"));
        if (made.Count > 10) notes.Add($"{path}: so for {made.Count - 10} more tensors");
        HashSet<string> parts = [.. made.Values.SelectMany(tensor => tensor.Parts)];
        return [.. made.Values, .. from pair in found
                                   where !parts.Contains(pair.Key) && !made.ContainsKey(pair.Key)
                                   select new NamedTensor(pair.Key, pair.Value)];
    }

    private static NamedTensor? MakeOf(string name, IReadOnlyDictionary<string, FoundTensor> found, List<string> problems)
    {
        Match parametrized = Parametrized().Match(name);
        if (parametrized.Success)
        {
            string start = name[..^parametrized.Groups["part"].Length];
            (string module, string leaf) = (parametrized.Groups["module"].Value, parametrized.Groups["leaf"].Value);
            if (parametrized.Groups["part"].Value == "original0" && found.ContainsKey(start + "original1"))
                return WeightNorm(module + leaf, name, start + "original1", found, problems);
            if (parametrized.Groups["part"].Value == "original")
                problems.Add(Unknown(name, found.ContainsKey(start + "0._u"), $"torch.nn.utils.parametrize.remove_parametrizations(module, \"{leaf}\")"));
            return null;
        }

        Match match = Suffixed().Match(name);
        if (!match.Success) return null;
        string stem = match.Groups["stem"].Value;
        switch (match.Groups["suffix"].Value)
        {
            case "raw":
                return Raw(match.Groups["module"].Value, match.Groups["leaf"].Value, name, found);
            case "g" when found.ContainsKey(stem + "_v"):
                return WeightNorm(stem, name, stem + "_v", found, problems);
            case "orig" when found.TryGetValue(stem + "_mask", out FoundTensor? mask):
                if (mask.Shape.SequenceEqual(found[name].Shape))
                    return Product(stem, name, stem + "_mask", found);
                problems.Add($"{Quote(stem + "_mask")} is {Shape(mask)}; expected {Shape(found[name])}, as {Quote(name)} is");
                return null;
            case "orig":
                bool isSpectral = found.ContainsKey(stem + "_u");
                string leaf = match.Groups["leaf"].Value;
                string remedy = isSpectral ? "torch.nn.utils.remove_spectral_norm" : "torch.nn.utils.prune.remove";
                problems.Add(Unknown(name, isSpectral, $"{remedy}(module, \"{leaf}\")"));
                return null;
            default:
                return null;
        }
    }

    // Weight drop keeps the matrix as _raw, and beside it, in the same module or in the one it wraps, a copy with a part set to zero.
    private static NamedTensor Raw(string module, string leaf, string name, IReadOnlyDictionary<string, FoundTensor> found)
    {
        string inside = $"{module}module.", target = module + leaf;
        if (!found.ContainsKey(target) && found.Keys.Any(other => other.StartsWith(inside, StringComparison.Ordinal))) target = inside + leaf;
        bool hasCopy = found.ContainsKey(target);
        string copy = hasCopy ? $", and {Quote(target)} a copy of which training dropped a part, which is left out" : "";
        return new NamedTensor(target, found[name])
        {
            Parts = [name],
            Whole = name,
            Meaning = $"{Quote(name)} is the matrix meant (weight drop){copy}",
        };
    }

    private static NamedTensor Product(string target, string orig, string mask, IReadOnlyDictionary<string, FoundTensor> found)
    {
        (FoundTensor one, FoundTensor other) = (found[orig], found[mask]);
        Func<float[]>? values = one.Values is { } left && other.Values is { } right
            ? () => [.. left().Zip(right(), (value, factor) => value * factor)]
            : null;
        return new NamedTensor(target, new FoundTensor(orig, one.Shape, values, one.Type))
        {
            Parts = [orig, mask],
            Meaning = $"{Quote(target)} is {Quote(orig)} times {Quote(mask)} (pruning)",
        };
    }

    private static NamedTensor? WeightNorm(
        string target, string length, string way, IReadOnlyDictionary<string, FoundTensor> found, List<string> problems)
    {
        (FoundTensor g, FoundTensor v) = (found[length], found[way]);
        // One length for all, or for each row, or for each column: PyTorch keeps the dimensions as 1.
        bool isWhole = g.Shape.All(size => size == 1);
        bool fits = isWhole || g.Shape.Count == v.Shape.Count && g.Shape.Zip(v.Shape, (size, full) => size == full || size == 1).All(same => same);
        if (!fits)
        {
            problems.Add($"{Quote(length)} is {Shape(g)}; expected a length for each row of {Quote(way)} {Shape(v)} (weight norm)");
            return null;
        }

        Func<float[]>? values = g.Values is { } lengths && v.Values is { } ways ? () => Scaled(lengths(), g.Shape, ways(), v.Shape) : null;
        return new NamedTensor(target, new FoundTensor(way, v.Shape, values))
        {
            Parts = [length, way],
            Meaning = $"{Quote(target)} is computed of {Quote(length)} and {Quote(way)} (weight norm)",
        };
    }

    private static float[] Scaled(float[] lengths, IReadOnlyList<int> lengthShape, float[] values, IReadOnlyList<int> shape)
    {
        double[] squares = new double[lengths.Length];
        for (int i = 0; i < values.Length; i++) squares[Of(i)] += (double)values[i] * values[i];
        float[] result = new float[values.Length];
        for (int i = 0; i < values.Length; i++) result[i] = (float)(lengths[Of(i)] * (values[i] / Math.Sqrt(squares[Of(i)])));
        return result;

        int Of(int index)
        {
            if (lengths.Length == 1) return 0;
            int place = 0, step = 1;
            for (int axis = shape.Count - 1; axis >= 0; index /= shape[axis--])
            {
                if (lengthShape[axis] == 1) continue;
                place += index % shape[axis] * step;
                step *= shape[axis];
            }

            return place;
        }
    }

    private static string Unknown(string name, bool isSpectral, string remedy) =>
        $"{Quote(name)} is a part of a parameter ({(isSpectral ? "spectral norm" : "parametrized or pruned, its other part missing")}) that is not "
        + $"computed here; expected the parameter itself: {remedy} before saving";

    private static string Shape(FoundTensor tensor) => WeightFormatException.Show([.. tensor.Shape]);

    [GeneratedRegex(@"^(?<module>(?:.+\.)?)parametrizations\.(?<leaf>(?:weight|bias)[^.]*)\.(?<part>original[01]?)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Parametrized();

    [GeneratedRegex(@"^(?<stem>(?<module>(.+\.)?)(?<leaf>(weight|bias)[^.]*))_(?<suffix>raw|orig|g)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Suffixed();
}
