using System.Globalization;
using System.Text.RegularExpressions;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Weights;

/// <summary>
/// Gives tensors this engine's names where their own names and shapes leave one way: <c>lstm.weight_ih_l0</c>, <c>cell.weight_ih</c>,
/// <c>module.encoder.weight</c> and the like. What stays unclear keeps its name, and is then refused as having no place.
/// </summary>
internal sealed partial class TensorNames
{
    private const string EmbeddingModule = "embedding", RecurrentModule = "rnn", HeadModule = "head", TransitionModule = "crf", Spelling = "characters.";
    private const int MostEntries = 10;

    // What modules are called whose name says what they do: the last part of it, without digits and underscores.
    private static readonly HashSet<string> EmbeddingWords = new(StringComparer.Ordinal)
    {
        "embedding", "embeddings", "embed", "embeds", "emb", "embs", "embedder", "encoder", "lookup", "wordembedding", "wordembeddings",
        "wordembeds", "wordemb", "wordlookup", "tokenembedding", "tokenembeddings", "tokembeddings", "embedtokens", "wte", "embeddinglayer",
        "charembedding", "charembeddings", "charemb",
    };

    private static readonly HashSet<string> HeadWords = new(StringComparer.Ordinal)
    {
        "head", "fc", "linear", "lin", "out", "output", "outputlayer", "classifier", "classification", "decoder", "dense", "proj", "projection",
        "lmhead", "fcout", "outfc", "logits", "logit", "generator", "predictor", "ho", "hout", "hiddentag", "hiddentotag", "hiddenlabel",
        "hiddenout", "tagger", "fullyconnected", "outputprojection", "outproj", "scorer", "softmax", "clf",
    };

    // What an optimizer keeps beside each parameter, and torch.optim.swa_utils beside an averaged model.
    private static readonly HashSet<string> OptimizerWords = new(StringComparer.Ordinal)
    {
        "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg", "grad_avg", "acc_delta", "n_averaged", "global_step",
    };

    private readonly Dictionary<string, NamedTensor> _tensors;
    private readonly Dictionary<string, string> _targets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly List<(string From, string To)> _entries = [];
    private readonly List<(string Copy, string Of)> _copies = [];
    private bool _spells;

    private TensorNames(IEnumerable<NamedTensor> tensors) => _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    /// <summary>The tensors under the names this engine has for them.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="tensors">The tensors, each under a name of its own.</param>
    /// <param name="notes">Told which names were taken for which.</param>
    /// <exception cref="ImportException">The file holds a model twice.</exception>
    public static Dictionary<string, FoundTensor> Assign(string path, IReadOnlyCollection<NamedTensor> tensors, List<string> notes)
    {
        NamedTensor[] kept = [.. tensors.Where(tensor => !IsOfOptimizer(tensor.Name))];
        if (kept.Length < tensors.Count)
        {
            string left = ImportException.List(tensors.Select(tensor => tensor.Name).Where(IsOfOptimizer));
            notes.Add($"{path}: what an optimizer keeps is left out: {left}");
        }

        CheckCopies(path, kept);
        var names = new TensorNames(kept);
        names.PlaceRecurrent();
        names.PlaceMatrices(path);
        names.PlaceTransitions();
        notes.AddRange(names._copies.Select(copy => $"{path}: {Quote(copy.Copy)} has the values of {Quote(copy.Of)}, and is left out"));
        if (names._entries.Count > 0)
        {
            (string From, string To)[] entries = [.. names._entries.Distinct()];
            string rest = entries.Length > MostEntries ? $" and {entries.Length - MostEntries} more" : "";
            notes.Add($"{path}: names are taken as this map has them; a map file names others: {MapOf(entries.Take(MostEntries))}{rest}");
        }

        HashSet<string> copies = [.. names._copies.Select(copy => copy.Copy)];
        return kept.Where(tensor => !copies.Contains(tensor.Name)).ToDictionary(
            tensor => names._targets.GetValueOrDefault(tensor.Name, tensor.Name), tensor => tensor.Tensor, StringComparer.Ordinal);
    }

    /// <summary>
    /// What recurrent modules a file has whose place nothing tells, as the end of a sentence, with a map to be pasted where their names are
    /// those of two directions; null where there is none.
    /// </summary>
    public static string? DescribeRecurrent(IEnumerable<string> names)
    {
        var parts = names.Select(name => (Name: name, Match: Recurrent().Match(name))).Where(part => part.Match.Success).ToList();
        string[] modules = [.. parts.Select(part => part.Match.Groups["module"].Value).Distinct()];
        if (modules.Length < 2) return null;
        string found = $"the recurrent modules {ImportException.List(modules)}; expected one, or layers that are numbered";
        string[] ways =
        [
            .. from module in modules
               let name = module.ToLowerInvariant()
               select ForwardWord().IsMatch(name) ? "" : BackwardWord().IsMatch(name) ? "_reverse" : "?",
        ];
        if (modules.Length != 2 || !ways.Order(StringComparer.Ordinal).SequenceEqual(["", "_reverse"])) return found;
        string map = MapOf(parts.Select(part =>
        {
            string layer = part.Match.Groups["layer"] is { Success: true, Value: var number } ? number : "0";
            string way = ways[Array.IndexOf(modules, part.Match.Groups["module"].Value)];
            return (part.Name, $"{RecurrentModule}.{part.Match.Groups["kind"].Value}_l{layer}{way}");
        }).Take(MostEntries * 2));
        return $"{found}. Should they be the two directions of a layer, joined in this order, a map file says so, and a check of logits proves it: {map}";
    }

    /// <summary>Entries as a map file has them.</summary>
    public static string MapOf(IEnumerable<(string From, string To)> entries) =>
        $"{{{string.Join(", ", entries.Select(entry => $"{Quote(entry.From)}: {Quote(entry.To)}"))}}}";

    private static bool IsOfOptimizer(string name) =>
        OptimizerWords.Contains(name[(name.LastIndexOf('.') + 1)..])
        || name.StartsWith("optim", StringComparison.Ordinal) && !name.Contains("_l", StringComparison.Ordinal);

    // Averaged weights beside the last ones, under another first name or under one alone: nothing tells which of them is meant.
    private static void CheckCopies(string path, NamedTensor[] tensors)
    {
        Dictionary<string, string[]> models = tensors.Where(tensor => tensor.Name.Contains('.', StringComparison.Ordinal))
            .GroupBy(tensor => tensor.Name[..(tensor.Name.IndexOf('.', StringComparison.Ordinal) + 1)], StringComparer.Ordinal)
            .Select(group => (group.Key, Names: group.Select(tensor => tensor.Name[group.Key.Length..]).ToArray()))
            .Where(group => group.Names.Any(name => Recurrent().IsMatch(name)) && group.Names.Count(IsOfMatrix) > 1)
            .ToDictionary(group => group.Key, group => group.Names, StringComparer.Ordinal);
        HashSet<string> all = [.. tensors.Select(tensor => tensor.Name)];
        foreach (var (start, names) in models)
        {
            string? other = names.All(all.Contains) ? ""
                : models.FirstOrDefault(model => model.Key != start && model.Value.ToHashSet(StringComparer.Ordinal).SetEquals(names)).Key;
            if (other is null) continue;
            string where = other.Length == 0 ? "and without it" : $"and under {Quote(other)}";
            string one = MapOf([(start + "*", "*")])[..^1], two = other.Length == 0 ? "{" : MapOf([(other + "*", "*")])[..^1] + ", ";
            throw new ImportException(
                path,
                $"holds the same tensors under {Quote(start)} {where} (an average of the weights beside the last ones?); expected one of them: "
                + $"a map file with {one}, {Quote(other + "*")}: null}} or {two}{Quote(start + "*")}: null}}");
        }

        static bool IsOfMatrix(string name) => name.EndsWith(".weight", StringComparison.Ordinal) && !Recurrent().IsMatch(name);
    }

    private void PlaceRecurrent()
    {
        var modules = _tensors.Keys.Select(name => (Name: name, Match: Recurrent().Match(name))).Where(found => found.Match.Success)
            .GroupBy(found => found.Match.Groups["module"].Value, StringComparer.Ordinal)
            .Select(group => new Module(group.Key, [.. group])).ToList();
        // A model of characters alone may be called so too: spelling is what stands beside another network.
        _spells = modules.Exists(module => module.Spells) && modules.Exists(module => !module.Spells);
        PlaceStack(modules.FindAll(module => !_spells || !module.Spells), RecurrentModule);
        if (_spells) PlaceStack(modules.FindAll(module => module.Spells), Spelling + RecurrentModule);
    }

    private void PlaceStack(List<Module> modules, string target)
    {
        if (modules.Find(module => module.Name == target) is { } ours) modules = [ours];
        if (modules.Count > 1)
        {
            // lstm1 and lstm2, rnns.0 and rnns.1: layers where their numbers follow each other and each reads what the one before gives.
            string pattern = Number().Replace(modules[0].Name, "#");
            modules = [.. modules.OrderBy(module => module.Number)];
            bool isStack = modules.TrueForAll(module => module.Layers == 1 && module.Number is not null && Number().Replace(module.Name, "#") == pattern)
                && modules.Zip(modules.Skip(1)).All(pair => pair.First.Number + 1 == pair.Second.Number && Follows(pair.First, pair.Second));
            if (!isStack) return;
        }

        for (int layer = 0; layer < modules.Count; layer++)
        {
            Module module = modules[layer];
            foreach (var (name, match) in module.Parts)
            {
                bool isNumbered = modules.Count == 1 && match.Groups["layer"].Success;
                int index = isNumbered ? int.Parse(match.Groups["layer"].Value, CultureInfo.InvariantCulture) : layer;
                string expected = $"{target}.{match.Groups["kind"].Value}_l{index}{match.Groups["way"].Value}";
                Place(name, expected, isNumbered && module.Name.Length > 0 ? (module.Name + ".*", target + ".*") : (name, expected));
            }
        }
    }

    private bool Follows(Module first, Module second) =>
        Width(first, "weight_hh", axis: 1) is { } size && Width(second, "weight_ih", axis: 1) == size * first.Ways;

    private int? Width(Module module, string kind, int axis)
    {
        string? name = module.Parts.FirstOrDefault(part => part.Match.Groups["kind"].Value == kind).Name;
        return name is not null && _tensors[name].Tensor.Shape is { Count: 2 } shape ? shape[axis] : null;
    }

    private void PlaceMatrices(string path)
    {
        var left = _tensors.Keys.Where(name => !Recurrent().IsMatch(name))
            .GroupBy(name => name[..Math.Max(0, name.LastIndexOf('.'))], StringComparer.Ordinal)
            .Where(group => group.All(name => name[(name.LastIndexOf('.') + 1)..] is "weight" or "bias"))
            .Select(group => new Matrix(group.Key, Weight(group.Key), group.Any(name => name.EndsWith("bias", StringComparison.Ordinal))))
            .Where(matrix => matrix.Weight is { Shape.Count: 2 }).ToList();
        (int? Input, int? Output) sizes = (Columns("rnn.weight_ih_l0") ?? Columns("rnn.weight_ih_l0_reverse"), OutputOf());
        if (_spells)
        {
            PlaceMatrix(left.FindAll(matrix => matrix.Spells), Spelling + EmbeddingModule, EmbeddingWords, columns: null, withBias: false);
            left.RemoveAll(matrix => matrix.Spells);
            sizes.Input = null;
        }

        Matrix? table = PlaceMatrix(left, EmbeddingModule, EmbeddingWords, sizes.Input, withBias: false);
        if (table is not null)
        {
            left.Remove(table);
            // A dropout around the embedding, and other modules that hold it too.
            List<Matrix> same = left.FindAll(matrix => !matrix.HasBias && matrix.Says(EmbeddingWords) && IsCopy(matrix, table));
            left.RemoveAll(same.Contains);
            _copies.AddRange(
                from matrix in same
                where matrix.Weight!.Origin != table.Weight!.Origin
                select ($"{matrix.Name}.weight", $"{table.Name}.weight"));
        }

        Matrix? head = PlaceMatrix(left, HeadModule, HeadWords, sizes.Output, withBias: null);
        if (left.Find(matrix => matrix != head && matrix.Weight!.Shape[1] == head?.Weight!.Shape[0] && matrix.HasBias) is not { } next) return;
        throw new ImportException(
            path,
            $"{Quote(head!.Name + ".weight")} {Show(head)} and {Quote(next.Name + ".weight")} {Show(next)} are two linear layers after each other; "
            + "expected one: an ONNX graph of it can be served as it is");
    }

    // As pytorch-crf calls them, in a module of any name.
    private void PlaceTransitions()
    {
        var found = _tensors.Keys.Select(name => (Name: name, Match: Transition().Match(name))).Where(one => one.Match.Success).ToList();
        if (found.DistinctBy(one => one.Match.Groups["module"].Value).Count() != 1) return;
        string module = found[0].Match.Groups["module"].Value;
        foreach (var (name, match) in found)
        {
            string target = $"{TransitionModule}.{match.Groups["kind"].Value}";
            Place(name, target, module.Length > 0 ? ($"{module}.*", $"{TransitionModule}.*") : (name, target));
        }
    }

    private static string Show(Matrix matrix) => WeightFormatException.Show([.. matrix.Weight!.Shape]);

    // The one whose name says so; of several the one that fits; without a name the only one that fits.
    private Matrix? PlaceMatrix(List<Matrix> left, string target, HashSet<string> words, int? columns, bool? withBias)
    {
        Matrix? chosen = left.Find(matrix => matrix.Name == target);
        if (chosen is not null) return chosen;
        List<Matrix> named = left.FindAll(matrix => matrix.Says(words));
        List<Matrix> others = left.FindAll(matrix => !matrix.Says(EmbeddingWords) && !matrix.Says(HeadWords));
        List<Matrix> fitting = named.Count > 0 ? named : others.FindAll(Fits);
        if (fitting.Count > 1) fitting = fitting.FindAll(Fits) is { Count: > 0 } good ? good : fitting;
        chosen = fitting.Count == 1 || fitting.Count > 1 && fitting.TrueForAll(matrix => IsCopy(matrix, fitting[0])) ? fitting[0] : null;
        if (chosen is null) return null;
        string start = chosen.Name.Length > 0 ? chosen.Name + "." : "";
        foreach (string leaf in (string[])["weight", "bias"])
        {
            if (!_tensors.ContainsKey(start + leaf)) continue;
            (string, string) entry = start.Length > 0 ? (start + "*", target + ".*") : (leaf, $"{target}.{leaf}");
            Place(start + leaf, $"{target}.{leaf}", entry);
        }

        return chosen;

        bool Fits(Matrix matrix) => (withBias is null || matrix.HasBias == withBias) && (columns is null || matrix.Weight!.Shape[1] == columns);
    }

    private void Place(string name, string target, (string From, string To) entry)
    {
        if (name == target || _tensors.ContainsKey(target)) return;
        if (!_taken.Add(target)) return;
        _targets.Add(name, target);
        _entries.Add(entry);
    }

    private static bool IsCopy(Matrix one, Matrix other) =>
        one.Weight!.Origin == other.Weight!.Origin
        || one.Weight.Shape.SequenceEqual(other.Weight.Shape) && one.Weight.Values is { } left && other.Weight.Values is { } right
        && left().AsSpan().SequenceEqual(right());

    private FoundTensor? Weight(string module) => _tensors.GetValueOrDefault(module.Length > 0 ? $"{module}.weight" : "weight")?.Tensor;

    private int? Columns(string target)
    {
        string name = _targets.FirstOrDefault(pair => pair.Value == target).Key ?? target;
        return _tensors.GetValueOrDefault(name)?.Tensor.Shape is { Count: 2 } shape ? shape[1] : null;
    }

    private int? OutputOf() => (Columns("rnn.weight_hh_l0"), Columns("rnn.weight_hh_l0_reverse")) switch
    {
        ({ } one, { } other) => one + other,
        var (one, other) => one ?? other,
    };

    /// <summary>A recurrent module: what stands before the names of its parameters.</summary>
    private sealed class Module(string name, (string Name, Match Match)[] parts)
    {
        public string Name => name;

        public (string Name, Match Match)[] Parts => parts;

        public bool Spells => IsOfSpelling(name);

        public int Layers => parts.Select(part => part.Match.Groups["layer"].Value).Distinct().Count();

        public int Ways => parts.Select(part => part.Match.Groups["way"].Value).Distinct().Count();

        public int? Number { get; } =
            TensorNames.Number().Matches(name) is [.., var last] && int.TryParse(last.Value, out int number) ? number : null;
    }

    /// <summary>A module with a matrix, and perhaps a bias.</summary>
    private sealed record Matrix(string Name, FoundTensor? Weight, bool HasBias)
    {
        public bool Spells => IsOfSpelling(Name);

        public bool Says(HashSet<string> words) =>
            words.Contains(NoWord().Replace(Name[(Name.LastIndexOf('.') + 1)..], "").ToLowerInvariant());
    }

    private static bool IsOfSpelling(string module) =>
        module.Contains("characters.", StringComparison.OrdinalIgnoreCase) || CharacterPart().IsMatch(module);

    [GeneratedRegex(@"^((?<module>.+)\.)?(?<kind>(weight|bias)_(ih|hh))(_l(?<layer>[0-9]{1,3})(?<way>_reverse)?)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Recurrent();

    [GeneratedRegex(@"^((?<module>.+)\.)?(?<kind>(start_|end_)?transitions)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Transition();

    [GeneratedRegex(@"(^|[._])(fw|fwd|forward|f|l2r|left)([._]|$)|forward", RegexOptions.ExplicitCapture)]
    private static partial Regex ForwardWord();

    [GeneratedRegex(@"(^|[._])(bw|bwd|backward|b|r2l|right|rev)([._]|$)|backward|reverse", RegexOptions.ExplicitCapture)]
    private static partial Regex BackwardWord();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex("[0-9_]+")]
    private static partial Regex NoWord();

    [GeneratedRegex(@"(^|[._])char(s|acters?)?_?(emb|lstm|gru|rnn)", RegexOptions.ExplicitCapture)]
    private static partial Regex CharacterPart();
}
