using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>One sequence of numbers or a list of them; the answer has the form of the question.</summary>
/// <param name="Items">The sequences, each of at least one step, all steps of a sequence of as many numbers.</param>
/// <param name="IsList">Whether they were sent as a list.</param>
[JsonConverter(typeof(NumberListsConverter))]
internal sealed record NumberLists(IReadOnlyList<NumberSequence> Items, bool IsList)
{
    /// <summary>The field of a sequence that holds its steps.</summary>
    public const string Values = "values";

    /// <summary>Whether the body of a request that may have texts or numbers as its <c>inputs</c> has numbers: an object, or a list that begins with one.</summary>
    public static bool AreIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            ReadOnlySpan<byte> json = body.Span;
            var reader = new Utf8JsonReader(json.StartsWith("\uFEFF"u8) ? json[3..] : json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isInputs = reader.ValueTextEquals("inputs"u8);
                reader.Read();
                if (!isInputs)
                {
                    reader.Skip();
                    continue;
                }

                if (reader.TokenType == JsonTokenType.StartArray) reader.Read();
                return reader.TokenType == JsonTokenType.StartObject;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Told when it is read for texts.
        }

        return false;
    }

    /// <summary>A sequence's steps as numbers; what is read has been checked.</summary>
    public static NumberSequence Read(JsonElement values)
    {
        int features = values[0].ValueKind == JsonValueKind.Array ? values[0].GetArrayLength() : 1;
        float[] numbers = new float[values.GetArrayLength() * features];
        int at = 0;
        foreach (JsonElement step in values.EnumerateArray())
        {
            if (step.ValueKind == JsonValueKind.Number) numbers[at++] = step.GetSingle();
            else foreach (JsonElement number in step.EnumerateArray()) numbers[at++] = number.GetSingle();
        }

        return new NumberSequence(numbers, features);
    }

    /// <summary>Looks through a field of sequences.</summary>
    /// <param name="element">What was sent.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="limits">Bounds that are options.</param>
    /// <param name="malformed">Takes what is of a wrong form.</param>
    /// <param name="outOfBounds">Takes what is of the right form and out of bounds.</param>
    public static void Check(JsonElement element, string path, LimitOptions limits, FaultList malformed, FaultList outOfBounds)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            CheckOne(element, path, limits, malformed, outOfBounds);
            return;
        }

        int count = element.GetArrayLength(), index = 0;
        if (count == 0) outOfBounds.Add(path, $"is an empty list; expected 1 to {limits.MaxListLength} entries");
        if (count > limits.MaxListLength) outOfBounds.Add(path, $"holds {count} entries; at most {limits.MaxListLength} are allowed");
        if (count > limits.MaxListLength) return;
        foreach (JsonElement one in element.EnumerateArray())
        {
            if (malformed.IsFull || outOfBounds.IsFull) return;
            CheckOne(one, $"{path}[{index++}]", limits, malformed, outOfBounds);
        }
    }

    /// <summary>Looks through the steps of one sequence: a list of lists of numbers, or of numbers where a step has one.</summary>
    public static void CheckSteps(JsonElement values, string path, int mostSteps, FaultList malformed, FaultList outOfBounds)
    {
        if (values.ValueKind != JsonValueKind.Array)
        {
            malformed.Add(path, $"is {KindOf(values)}; expected a list of steps, each a list of numbers");
            return;
        }

        int steps = values.GetArrayLength(), index = 0;
        if (steps == 0) outOfBounds.Add(path, "is an empty list; expected a step or more");
        if (steps > mostSteps) outOfBounds.Add(path, $"holds {steps} steps; at most {mostSteps} are allowed");
        if (steps == 0 || steps > mostSteps) return;
        bool isFlat = values[0].ValueKind == JsonValueKind.Number;
        int features = isFlat ? 1 : values[0].ValueKind == JsonValueKind.Array ? values[0].GetArrayLength() : 0;
        foreach (JsonElement step in values.EnumerateArray())
        {
            if (malformed.IsFull || outOfBounds.IsFull) return;
            // Places are written out for faults alone: there are as many as numbers.
            if (!isFlat) CheckStep(step, path, index, features, malformed, outOfBounds);
            else if (!IsNumber(step)) AddFault(step, $"{path}[{index}]", malformed, outOfBounds);
            index++;
        }
    }

    private static void CheckOne(JsonElement element, string path, LimitOptions limits, FaultList malformed, FaultList outOfBounds)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            malformed.Add(path, $"is {KindOf(element)}; expected an object, as in {{\"{Values}\": [[0.1, 0.2], [0.3, 0.4]]}}");
            return;
        }

        if (element.EnumerateObject().Any(property => BodyCheck.NameOf(property) != Values)) malformed.Add(path, $"has other fields; expected \"{Values}\" alone");
        else if (element.TryGetProperty(Values, out JsonElement values)) CheckSteps(values, $"{path}.{Values}", limits.MaxRequestTokens, malformed, outOfBounds);
        else malformed.Add(path, $"is an object without fields; expected \"{Values}\"");
    }

    private static void CheckStep(JsonElement step, string path, int place, int features, FaultList malformed, FaultList outOfBounds)
    {
        if (step.ValueKind != JsonValueKind.Array)
        {
            malformed.Add($"{path}[{place}]", $"is {KindOf(step)}; expected a list of numbers");
            return;
        }

        int found = step.GetArrayLength(), index = 0;
        if (found == 0) outOfBounds.Add($"{path}[{place}]", "is an empty list; expected a number or more");
        else if (found != features) outOfBounds.Add($"{path}[{place}]", $"has {found} numbers; expected {features}, as the first step has");
        if (found != features) return;
        foreach (JsonElement number in step.EnumerateArray())
        {
            if (malformed.IsFull || outOfBounds.IsFull) return;
            if (!IsNumber(number)) AddFault(number, $"{path}[{place}][{index}]", malformed, outOfBounds);
            index++;
        }
    }

    private static bool IsNumber(JsonElement number) => number.ValueKind == JsonValueKind.Number && float.IsFinite(number.GetSingle());

    private static void AddFault(JsonElement number, string path, FaultList malformed, FaultList outOfBounds)
    {
        if (number.ValueKind != JsonValueKind.Number) malformed.Add(path, $"is {KindOf(number)}; expected a number");
        else outOfBounds.Add(path, $"is {Listing.Cut(number.GetRawText())}; expected a finite number of 32 bits");
    }

    private static string KindOf(JsonElement element) => BodyCheck.Found(element);
}

internal sealed class NumberListsConverter : JsonConverter<NumberLists>
{
    public override NumberLists Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        JsonElement root = document.RootElement;
        return root.ValueKind == JsonValueKind.Array
            ? new NumberLists([.. root.EnumerateArray().Select(One)], true)
            : new NumberLists([One(root)], false);
        static NumberSequence One(JsonElement one) => NumberLists.Read(one.GetProperty(NumberLists.Values));
    }

    public override void Write(Utf8JsonWriter writer, NumberLists value, JsonSerializerOptions options) => throw new NotSupportedException();
}

/// <summary>Reads the steps of one sequence.</summary>
internal sealed class StepsConverter : JsonConverter<NumberSequence?>
{
    public override NumberSequence? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.ValueKind == JsonValueKind.Null ? null : NumberLists.Read(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, NumberSequence? value, JsonSerializerOptions options) => throw new NotSupportedException();
}
