using System.Text;
using System.Text.Json;
using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>JSON objects, a line each or in one array, as labelled texts, pairs, tagged sentences or documents.</summary>
internal sealed class JsonRecords
{
    private readonly CorpusSource _source;
    private readonly CorpusFile _file;
    private readonly ICollection<CorpusNote>? _notes;
    private readonly List<(CorpusLine Line, JsonElement Value)> _records = [];

    /// <summary>Parses the file.</summary>
    /// <exception cref="InvalidDataException">It is not JSON, or holds other values than objects.</exception>
    public JsonRecords(CorpusSource source, CorpusFile file, ICollection<CorpusNote>? notes)
    {
        (_source, _file, _notes) = (source, file, notes);
        byte[] bytes = Encoding.UTF8.GetBytes(file.Text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions
        {
            AllowMultipleValues = true,
            AllowTrailingCommas = true,
            CommentHandling = JsonCommentHandling.Skip,
            MaxDepth = 1000,
        });
        int line = 1, counted = 0;
        bool array = false;
        try
        {
            while (reader.Read())
            {
                int at = (int)reader.TokenStartIndex;
                line += bytes.AsSpan(counted, at - counted).Count((byte)'\n');
                counted = at;
                var place = new CorpusLine(file.Path, line, "");
                if (reader.TokenType == JsonTokenType.StartArray && !array && _records.Count == 0)
                    array = true;
                else if (reader.TokenType == JsonTokenType.EndArray && array)
                    array = false;
                else if (reader.TokenType == JsonTokenType.StartObject)
                    _records.Add((place, JsonElement.ParseValue(ref reader)));
                else
                    throw place.Error("a value that is no object; expected one object an example, a line each or in one array");
            }
        }
        catch (JsonException error)
        {
            string reason = error.Message.Split(" LineNumber:")[0].TrimEnd('.', ' ');
            throw new InvalidDataException(
                $"{file.Path}, line {(error.LineNumber ?? 0) + 1}: no JSON ({reason}); expected one object an example", error);
        }
    }

    /// <summary>Texts and their labels.</summary>
    public List<LabelledText> Labelled()
    {
        var examples = new List<LabelledText>(_records.Count);
        if (_records.Count == 0) return examples;
        string text = Field(_source.TextColumn, ColumnNames.Texts, "text_column"), label = Field(_source.LabelColumn, ColumnNames.Labels, "label_column");
        (int Count, int First) empty = default;
        foreach (var (line, record) in _records)
        {
            string content = Scalar(line, text, Value(line, record, text));
            JsonElement found = Value(line, record, label);
            string[] labels = found.ValueKind == JsonValueKind.Array
                ? [.. found.EnumerateArray().Select(item => Scalar(line, label, item))]
                : [Scalar(line, label, found).Trim(' ')];
            if (string.IsNullOrWhiteSpace(content) || labels.Length == 0 || labels.Any(item => item.Length == 0))
                empty = (empty.Count + 1, empty.Count == 0 ? line.Number : empty.First);
            else
                examples.Add(Examples.Of(_source, line, labels, content));
        }

        Examples.NoteEmpty(_file.Path, "record", Examples.TextAndLabel, empty, _notes);
        Examples.ThrowIfNone(_file.Path, "records", Examples.TextAndLabel, examples.Count, empty.Count);
        Examples.NoteSeveral(_file.Path, examples, _notes);
        return examples;
    }

    /// <summary>Texts and their translations.</summary>
    public List<TextPair> Pairs()
    {
        var pairs = new PairList(_source, _file.Path, "record", _notes);
        if (_records.Count == 0) return pairs.Done();
        string source = Field(_source.SourceColumn, ColumnNames.Sources, "source_column"), target = Field(_source.TargetColumn, ColumnNames.Targets, "target_column");
        foreach (var (line, record) in _records) pairs.Add(line, Scalar(line, source, Value(line, record, source)), Scalar(line, target, Value(line, record, target)));
        return pairs.Done();
    }

    /// <summary>Words and their tags.</summary>
    /// <param name="auxiliary">Fields of further values, one a word.</param>
    public List<TaggedSentence> Tagged(IReadOnlyList<CorpusColumn> auxiliary)
    {
        var sentences = new List<TaggedSentence>(_records.Count);
        if (_records.Count == 0) return sentences;
        string words = Field(_source.FormColumn, ColumnNames.Words, "form_column"), tags = Field(_source.TagColumn, ColumnNames.Tags, "tag_column");
        foreach (var (line, record) in _records)
        {
            string[] forms = List(line, record, words), marks = List(line, record, tags);
            if (forms.Length != marks.Length) throw line.Error($"{marks.Length} {tags} for {forms.Length} {words}; expected as many");
            if (forms.Length == 0) continue;
            if (Array.FindIndex(forms, string.IsNullOrWhiteSpace) is >= 0 and var bare) throw line.Error($"{words}[{bare}] is empty; expected a word");
            if (Array.FindIndex(marks, string.IsNullOrWhiteSpace) is >= 0 and var blank) throw line.Error($"{tags}[{blank}] is empty; expected a tag");
            sentences.Add(new TaggedSentence(forms, [.. marks.Select(mark => line.NameOf(mark, _source))])
            {
                Path = _file.Path,
                Lines = [.. Enumerable.Repeat(line.Number, forms.Length)],
                Auxiliary = auxiliary.ToDictionary(field => field.Name!, field => (IReadOnlyList<string>)List(line, record, field.Name!)),
            });
        }

        return sentences;
    }

    /// <summary>Documents: texts, or lists of their lines, with their titles where these are asked for.</summary>
    public List<(CorpusLine Line, string? Title, string Text)> Documents()
    {
        if (_records.Count == 0) return [];
        string text = Field(_source.TextColumn, ColumnNames.Texts, "text_column");
        return [.. _records.Select(record => (record.Line, _source.TitleColumn is { } title ? Of(record, title.Name!) : null, Of(record, text)))];

        static string Of((CorpusLine Line, JsonElement Value) record, string field)
        {
            JsonElement value = Value(record.Line, record.Value, field);
            return value.ValueKind == JsonValueKind.Array
                ? string.Join('\n', value.EnumerateArray().Select(item => Scalar(record.Line, field, item)))
                : Scalar(record.Line, field, value);
        }
    }

    private string Field(CorpusColumn? asked, string[] usual, string setting)
    {
        if (asked?.Name is { } name) return name;
        var (line, record) = _records[0];
        string[] names = Names(line, record);
        int place = ColumnNames.Find(names, usual);
        if (place >= 0) return names[place];
        if (_records.Count == 1 && record.EnumerateObject().Any(property => property.Value.ValueKind == JsonValueKind.Array))
            throw line.Error($"the file is one object around lists; expected one object an example{AsLines(record)}");
        throw line.Error(
            $"{Fields(line, record)}; expected one called {string.Join(", ", usual.Take(5))} or the like, or the one that is named",
            new CorpusSetting(setting, "FIELD"));
    }

    /// <summary>How the list within an object becomes lines.</summary>
    private static string AsLines(JsonElement record) =>
        record.EnumerateObject().FirstOrDefault(property =>
            property.Value is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().FirstOrDefault().ValueKind == JsonValueKind.Object) is { Value.ValueKind: JsonValueKind.Array } list
            ? $", as jq -c '.[\"{list.Name}\"][]' makes of it"
            : "";

    private static string Fields(CorpusLine line, JsonElement record)
    {
        string[] names =
        [
            .. record.EnumerateObject().SelectMany(property => property.Value.ValueKind == JsonValueKind.Object
                ? Names(line, property.Value).Select(inner => $"{property.Name}.{inner}")
                : [property.Name]),
        ];
        return names.Length == 0 ? "an object without fields" : $"fields {Listing.Of([.. names.Select(Listing.Quote)])}";
    }

    private static string[] Names(CorpusLine line, JsonElement record)
    {
        try
        {
            return [.. record.EnumerateObject().Select(property => property.Name)];
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDataException(line.Error("a field's name holds half of a surrogate pair; expected Unicode text").Message, error);
        }
    }

    /// <summary>A field by its name, or by its path: <c>data.text</c> is text within data.</summary>
    private static JsonElement Value(CorpusLine line, JsonElement record, string field)
    {
        if (record.TryGetProperty(field, out JsonElement value)) return value;
        JsonElement inner = record;
        foreach (string name in field.Split('.'))
        {
            if (inner.ValueKind != JsonValueKind.Object || !inner.TryGetProperty(name, out inner))
            {
                Names(line, record);
                throw line.Error($"no field \"{field}\"; found {Fields(line, record)}");
            }
        }

        return inner;
    }

    private static string[] List(CorpusLine line, JsonElement record, string field) => Value(line, record, field) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select(item => Scalar(line, field, item))]
        : throw line.Error($"field \"{field}\" is no list; expected one of strings");

    private static string Scalar(CorpusLine line, string field, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Text(line, field, value),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "",
        _ => throw line.Error(
            $"field \"{field}\" is {(value.ValueKind == JsonValueKind.Array ? "a list" : "an object")}; expected a string"),
    };

    private static string Text(CorpusLine line, string field, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDataException(line.Error($"field \"{field}\" holds half of a surrogate pair; expected Unicode text").Message, error);
        }
    }
}
