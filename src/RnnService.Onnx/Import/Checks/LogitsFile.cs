using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Checks;

/// <summary>An entry of a check file.</summary>
/// <param name="Index">Its place in the list.</param>
/// <param name="Ids">The ids that were read, one or more.</param>
/// <param name="Words">The words behind them; null where the file has ids alone.</param>
/// <param name="Kind">What the numbers are.</param>
/// <param name="Steps">The numbers: one row for a classifier, one an id for others. Of two labels, a row may hold the second's alone.</param>
internal sealed record LogitsEntry(int Index, int[] Ids, string[]? Words, AnswerForm Kind, double[][] Steps);

/// <summary>Reads a check file: ids or texts, and what another framework's model gave for them.</summary>
/// <param name="path">The file.</param>
/// <param name="model">The model that is to give the same.</param>
internal sealed class LogitsFile(string path, TextModel model)
{
    private const int MostBytes = 1 << 26, MostShown = 10;

    private static readonly (string Field, AnswerForm Kind)[] Outputs =
        [("logits", AnswerForm.Logits), ("probabilities", AnswerForm.Softmax), ("log_probabilities", AnswerForm.LogSoftmax)];

    private static readonly string[] Inputs = ["ids", "text", "tokens"];

    private readonly List<string> _problems = [];

    private int Width => model is LanguageModel ? model.Vocabulary.Tokens.Count : model.Config.NetworkLabels.Count;

    /// <summary>The entries, one or more.</summary>
    /// <exception cref="ImportException">The file is missing, malformed, or does not fit the model; all that is wrong is told together.</exception>
    public IReadOnlyList<LogitsEntry> Read()
    {
        JsonElement list = InputFile.ReadList(path, InputFile.Read(path, MostBytes));
        var entries = new List<LogitsEntry>();
        int index = 0;
        foreach (JsonElement element in list.EnumerateArray())
        {
            int before = _problems.Count;
            LogitsEntry? entry = ReadEntry(index++, element);
            if (entry is not null && _problems.Count == before) entries.Add(entry);
        }

        if (index == 0) _problems.Add("holds no entry; expected one or more, such as {\"ids\": [4, 2], \"logits\": [0.5, -1.25]}");
        return _problems.Count == 0 ? entries : throw new ImportException(path, _problems);
    }

    private LogitsEntry? ReadEntry(int index, JsonElement element)
    {
        string place = $"entry {index}";
        if (element.ValueKind != JsonValueKind.Object) return Refuse($"{place} is {InputFile.Show(element)}; expected an object with ids and logits");
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!Inputs.Contains(property.Name) && !Outputs.Any(output => output.Field == property.Name))
                return Refuse($"{place}: {Quote(property.Name)} is no field; expected ids, text or tokens, and logits, probabilities or log_probabilities");
        }

        var given = Outputs.Where(output => element.TryGetProperty(output.Field, out _)).ToArray();
        if (given is not [var (field, kind)])
        {
            string fields = string.Join(", ", Outputs.Select(output => output.Field));
            return Refuse($"{place} has {(given.Length == 0 ? "no logits" : "several outputs")}; expected one of {fields}");
        }

        if (ReadIds(place, element) is not var (ids, words)) return null;
        double[][]? steps = ReadSteps($"{place}: {field}", element.GetProperty(field), ids.Length);
        return steps is null ? null : new LogitsEntry(index, ids, words, kind, steps);
    }

    private (int[] Ids, string[]? Words)? ReadIds(string place, JsonElement element)
    {
        int[]? ids = null;
        if (element.TryGetProperty("ids", out JsonElement list))
        {
            int count = model.Vocabulary.Tokens.Count;
            if (list.ValueKind != JsonValueKind.Array) return Bad($"{place}: ids is {InputFile.Show(list)}; expected a list of whole numbers");
            ids = new int[list.GetArrayLength()];
            int at = 0;
            foreach (JsonElement id in list.EnumerateArray())
            {
                if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out ids[at]) || ids[at] < 0 || ids[at] >= count)
                    return Bad($"{place}: id {at} is {InputFile.Show(id)}; expected 0 to {count - 1}, since the vocabulary holds {count} tokens");
                at++;
            }
        }

        if (ReadWords(place, element, out string[]? words) is { } problem) return Bad(problem);
        if (words is not null)
        {
            int[] encoded = Encode(element, words);
            if (ids is not null && !ids.AsSpan().SequenceEqual(encoded))
            {
                return Bad($"{place}: the text becomes ids {Show(encoded)} here, beside ids {Show(ids)}; expected the same: "
                    + "is the tokenizer, lower_case or the vocabulary another?");
            }

            ids = encoded;
        }

        if (ids is null) return Bad($"{place} has no ids; expected ids, text or tokens");
        if (ids.Length == 0) return Bad($"{place} has no token; expected one or more");
        if (model is Tagger { Config.Characters: not null } && words is null)
            return Bad($"{place} has ids alone, and this model also reads how words are spelled; expected tokens, the list of words");
        return (ids, words);

        (int[], string[]?)? Bad(string text)
        {
            _problems.Add(text);
            return null;
        }
    }

    private string? ReadWords(string place, JsonElement element, out string[]? words)
    {
        words = null;
        bool hasText = element.TryGetProperty("text", out JsonElement text), hasTokens = element.TryGetProperty("tokens", out JsonElement tokens);
        if (hasText && hasTokens) return $"{place} has text and tokens; expected one of them";
        if (hasText)
        {
            if (text.ValueKind != JsonValueKind.String) return $"{place}: text is {InputFile.Show(text)}; expected a string";
            words = [.. model.Tokenizer.Split(text.GetString()!).Select(token => token.Text)];
        }
        else if (hasTokens)
        {
            if (model is LanguageModel) return $"{place} has tokens; expected ids or a text for a language model";
            bool areStrings = tokens.ValueKind == JsonValueKind.Array && tokens.EnumerateArray().All(token => token.ValueKind == JsonValueKind.String);
            if (!areStrings) return $"{place}: tokens is {InputFile.Show(tokens)}; expected a list of strings";
            words = [.. tokens.EnumerateArray().Select(token => token.GetString()!)];
        }

        return null;
    }

    private int[] Encode(JsonElement element, string[] words) => model is LanguageModel language
        ? language.Tokenizer.Encode(element.GetProperty("text").GetString()!)
        : [.. words.Select(word => model.Tokenizer.IdOf(word))];

    private double[][]? ReadSteps(string place, JsonElement list, int ids)
    {
        bool isClassifier = model is Classifier;
        string expected = isClassifier ? $"a list of {Width} numbers" : $"a list of {Width} numbers for each of the {ids} ids";
        if (list.ValueKind != JsonValueKind.Array) return Bad($"{place} is {InputFile.Show(list)}; expected {expected}");
        bool isNested = list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Array;
        if (isClassifier && !isNested) return ReadRow(place, list, expected) is { } row ? [row] : null;
        int rows = isClassifier ? 1 : ids;
        if (!isNested || list.GetArrayLength() != rows)
            return Bad($"{place} is {(isNested ? $"a list of {list.GetArrayLength()} lists" : "a list without lists")}; expected {expected}");
        var steps = new List<double[]>();
        foreach (JsonElement step in list.EnumerateArray())
        {
            if (ReadRow($"{place} {steps.Count}", step, expected) is not { } values) return null;
            steps.Add(values);
        }

        return [.. steps];

        double[][]? Bad(string text)
        {
            _problems.Add(text);
            return null;
        }
    }

    private double[]? ReadRow(string place, JsonElement list, string expected)
    {
        int length = list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : -1;
        if (length != Width && !(length == 1 && Width == 2 && model is not LanguageModel))
        {
            _problems.Add($"{place} is {(length < 0 ? InputFile.Show(list) : $"a list of {length}")}; expected {expected}");
            return null;
        }

        double[] values = new double[length];
        int at = 0;
        foreach (JsonElement value in list.EnumerateArray())
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out values[at]) || !double.IsFinite(values[at]))
            {
                _problems.Add($"{place}: value {at} is {InputFile.Show(value)}; expected a finite number");
                return null;
            }

            at++;
        }

        return values;
    }

    private LogitsEntry? Refuse(string problem)
    {
        _problems.Add(problem);
        return null;
    }

    /// <summary>Ids for messages: ten, and how many more.</summary>
    public static string Show(int[] ids) =>
        $"[{string.Join(", ", ids.Take(MostShown))}{(ids.Length > MostShown ? $", … {ids.Length - MostShown} more" : "")}]";
}
