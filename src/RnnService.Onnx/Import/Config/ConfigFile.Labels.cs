using System.Globalization;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Config;

/// <content>The labels, which may be given as a list, by id, to id, or by their number alone.</content>
internal sealed partial class ConfigFile
{
    private const int MostLabels = 1 << 16;

    // Names given beside the configuration go before those in it.
    private void Name(IReadOnlyList<string> labels)
    {
        foreach (string field in (string[])["id2label", "label2id", "num_labels"]) _given.Remove(field);
        _given["labels"] = ("labels", JsonSerializer.SerializeToElement(labels, ModelJson.Files.IReadOnlyListString));
    }

    private IReadOnlyList<string> Labels(ModelTask task)
    {
        // Before the symbols of a transcriber the blank has an output.
        if (task == ModelTask.Transcriber) _facts = _facts with { Outputs = _facts.Outputs - 1 };
        int least = task is ModelTask.Regressor or ModelTask.Transcriber ? 1 : 2;
        int? count = Whole("num_labels");
        (string Spelling, List<string>? Names)[] lists = [.. from field in (string[])["labels", "id2label", "label2id"]
                                                             where _given.ContainsKey(field)
                                                             select (field, field == "labels" ? List(field) : Map(field))];
        // What is malformed has been told.
        if (lists.Any(list => list.Names is null) || count is null && _given.ContainsKey("num_labels")) return [];
        if (_facts.IsSigmoid) return LabelsOfSigmoid(count, lists);
        foreach (var (spelling, names) in lists)
        {
            // Labels that are learnt as others are checked when the weights are fitted.
            if (_facts.Outputs is { } outputs && names!.Count != outputs && !_given.ContainsKey("tags"))
                _problems.Add($"{spelling} holds {names.Count} labels; expected {outputs}, as {_facts.Witness}");
            else if (count is not null && names!.Count != count)
                _problems.Add($"num_labels is {count}; expected {names.Count}, as {spelling} holds");
            if (!names!.SequenceEqual(lists[0].Names!)) _problems.Add($"{lists[0].Spelling} and {spelling} differ; expected the same labels");
        }

        if (lists.Length > 0) return lists[0].Names!;
        if (Settle("num_labels", count, _facts.Outputs) is not { } number)
            Missing("labels", "labels, id2label or num_labels");
        else if (number < least || number > MostLabels)
            _problems.Add($"num_labels is {number}; expected {least} to {MostLabels}");
        else
            return Unnamed([.. Enumerable.Range(0, number).Select(id => $"LABEL_{id}")]);
        return [];
    }

    private string[] Unnamed(string[] names)
    {
        _notes.Add($"{_path} names no labels: they are {Quote(names[0])}{(names.Length == 1 ? "" : names.Length > 2 ? $" to {Quote(names[^1])}" : $" and {Quote(names[^1])}")}");
        return names;
    }

    // One row of a head is the score of the second of two labels; PyTorch and Hugging Face count it as one label, or as two.
    private IReadOnlyList<string> LabelsOfSigmoid(int? count, (string Spelling, List<string>? Names)[] lists)
    {
        const string reason = "head.weight has one row: a sigmoid, whose value is the probability of the second of two labels";
        foreach (var (spelling, names) in lists)
        {
            if (names!.Count == 1)
                _problems.Add($"{spelling} holds {Quote(names[0])} alone; expected two labels, the one for low values first: {reason}");
            else if (names.Count != 2)
                _problems.Add($"{spelling} holds {names.Count} labels; expected 2: {reason}");
            if (!names.SequenceEqual(lists[0].Names!)) _problems.Add($"{lists[0].Spelling} and {spelling} differ; expected the same labels");
        }

        if (count is not (null or 1 or 2)) _problems.Add($"num_labels is {count}; expected 1 or 2: {reason}");
        IReadOnlyList<string> labels = lists.Length > 0 ? lists[0].Names! : Unnamed(["negative", "positive"]);
        if (labels.Count == 2)
        {
            _notes.Add(
                $"The head has one row, a sigmoid: its value is the probability of label 1, {Quote(labels[1])}; label 0, {Quote(labels[0])}, has the rest");
        }

        return labels;
    }

    private List<string>? List(string field)
    {
        JsonElement value = _given[field].Value;
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(entry => entry.ValueKind == JsonValueKind.String))
            return [.. value.EnumerateArray().Select(entry => entry.GetString()!)];
        _problems.Add($"{field} is {InputFile.Show(value)}; expected a list of strings");
        return null;
    }

    private List<string>? Map(string field)
    {
        bool byId = field == "id2label";
        string expected = byId ? "ids with names" : "names with ids";
        var entries = new List<(string, long)>();
        JsonElement value = _given[field].Value;
        foreach (JsonProperty entry in value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default)
        {
            int id = 0;
            bool isEntry = byId
                ? int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out id) && entry.Value.ValueKind == JsonValueKind.String
                : entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out id);
            if (isEntry)
            {
                entries.Add((byId ? entry.Value.GetString()! : entry.Name, id));
                continue;
            }

            _problems.Add($"{field}: {Quote(entry.Name)} is {InputFile.Show(entry.Value)}; expected {expected}");
            return null;
        }

        string? problem = entries.Count == 0 ? $"{InputFile.Show(value)} without labels; expected {expected}" : null;
        List<string> names = IdOrder.Of(entries, found => problem = found);
        if (problem is null) return names;
        _problems.Add($"{field}: {problem}");
        return null;
    }
}
