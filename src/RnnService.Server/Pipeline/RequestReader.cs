using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;
using RnnService.Engine.Text;
using RnnService.Server.Hosting;

namespace RnnService.Server.Pipeline;

/// <summary>
/// Reads a request body into a record and refuses everything that the record does not describe: first the form (400), all faults of
/// it together, then the bounds (422). Thread-safe.
/// </summary>
internal sealed class RequestReader(LimitOptions limits)
{
    /// <summary>Names that other services use for what has another name here.</summary>
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["text"] = "inputs",
        ["texts"] = "inputs",
        ["prompt"] = "inputs",
        ["input"] = "inputs",
        ["sentence"] = "inputs",
        ["sentences"] = "inputs",
        ["query"] = "inputs",
        ["content"] = "inputs",
        ["instances"] = "inputs",
        ["text_input"] = "inputs",
        ["max_tokens"] = "parameters.max_new_tokens",
        ["max_completion_tokens"] = "parameters.max_new_tokens",
        ["max_length"] = "parameters.max_new_tokens",
        ["n_predict"] = "parameters.max_new_tokens",
        ["stop_sequences"] = "parameters.stop",
        ["top_logprobs"] = "parameters.top_n_tokens",
        ["repeat_penalty"] = "parameters.repetition_penalty",
        ["model_name"] = "model",
        ["model_id"] = "model",
        ["words"] = "tokens",
    };

    public static RequestProblem WrongMediaType() => new(ProblemKind.MediaType, "wanted a body of content type application/json, in UTF-8");

    /// <exception cref="RequestProblem">The body is not what <typeparamref name="T"/> describes.</exception>
    public async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancel)
    {
        CheckMediaType(request);
        if (request.ContentLength > limits.MaxBodyBytes) throw TooLarge();
        PipeReader body = request.BodyReader;
        ReadResult read;
        while (true)
        {
            read = await body.ReadAsync(cancel);
            if (read.Buffer.Length > limits.MaxBodyBytes) throw TooLarge();
            if (read.IsCompleted) break;
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        try
        {
            return Parse<T>(read.Buffer);
        }
        finally
        {
            body.AdvanceTo(read.Buffer.End);
        }
    }

    private T Parse<T>(ReadOnlySequence<byte> body)
    {
        ReadOnlyMemory<byte> bytes = body.IsSingleSegment ? body.First : body.ToArray();
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (!Utf8.IsValid(bytes.Span)) throw new RequestProblem(ProblemKind.Malformed, "the body is not UTF-8");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException exception)
        {
            throw new RequestProblem(ProblemKind.Malformed,
                $"the body is not JSON: the fault is in line {exception.LineNumber + 1} at byte {exception.BytePositionInLine + 1}");
        }

        using (document)
        {
            Shape shape = Shape.Of(typeof(T));
            var check = new Check(limits, shape);
            check.Object(document.RootElement, shape, "");
            if (check.Malformed.Count > 0) throw RequestProblem.Of(ProblemKind.Malformed, check.Malformed);
            if (check.OutOfBounds.Count > 0) throw RequestProblem.Of(ProblemKind.Validation, check.OutOfBounds);
            return document.RootElement.Deserialize<T>(Json.Options)!;
        }
    }

    private RequestProblem TooLarge() =>
        new(ProblemKind.TooLarge, $"the request body is over the limit of {limits.MaxBodyBytes} bytes");

    private static void CheckMediaType(HttpRequest request)
    {
        bool isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        if (!isJson) throw WrongMediaType();
    }

    /// <summary>One pass over a body that gathers its faults.</summary>
    private sealed class Check(LimitOptions limits, Shape root)
    {
        public List<FieldFault> Malformed { get; } = [];

        public List<FieldFault> OutOfBounds { get; } = [];

        public void Object(JsonElement element, Shape shape, string path)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                Malformed.Add(new FieldFault(path, $"wanted an object, found {Found(element)}"));
                return;
            }

            var seen = new HashSet<string>();
            foreach (JsonProperty property in element.EnumerateObject())
            {
                if (NameOf(property) is not { } name)
                {
                    Malformed.Add(new FieldFault(path, "a field's name is not Unicode text (a surrogate without its other half)"));
                    continue;
                }

                string fieldPath = path.Length == 0 ? name : $"{path}.{name}";
                if (!seen.Add(name)) Malformed.Add(new FieldFault(fieldPath, "occurs twice"));
                else if (shape.Find(name) is { } field) Field(property.Value, field, fieldPath);
                else Malformed.Add(new FieldFault(fieldPath, "unknown field" + Suggestion(name)));
            }

            foreach (ShapeField field in shape.Fields)
            {
                if (field.Required && !seen.Contains(field.Name))
                    OutOfBounds.Add(new FieldFault(path.Length == 0 ? field.Name : $"{path}.{field.Name}", "is required"));
            }
        }

        private void Field(JsonElement element, ShapeField field, string path)
        {
            if (element.ValueKind == JsonValueKind.Null && !field.Required) return;
            switch (field.Form)
            {
                case JsonForm.Object: Object(element, field.Nested!, path); break;
                case JsonForm.Text when Is(element, JsonValueKind.String, path, "a string"): Text(element, field, path); break;
                case JsonForm.TextOrTexts when element.ValueKind == JsonValueKind.String: Text(element, field, path); break;
                case JsonForm.TextOrTexts when Is(element, JsonValueKind.Array, path, "a string or a list of strings"):
                    Texts(element, field, path);
                    break;
                case JsonForm.Texts when Is(element, JsonValueKind.Array, path, "a list of strings"): Texts(element, field, path); break;
                case JsonForm.ListsOfTexts when Is(element, JsonValueKind.Array, path, "a list of lists of strings"):
                    Lists(element, field, path);
                    break;
                case JsonForm.Number when Is(element, JsonValueKind.Number, path, "a number"):
                    Number(element.GetDouble(), field, path);
                    break;
                case JsonForm.WholeNumber when Is(element, JsonValueKind.Number, path, "a whole number"):
                    Whole(element, field, path);
                    break;
                case JsonForm.Truth when element.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                    Malformed.Add(new FieldFault(path, $"wanted true or false, found {Found(element)}"));
                    break;
                case JsonForm.AnyObject: Is(element, JsonValueKind.Object, path, "an object"); break;
            }

            if (field.OneOf is { } allowed && !allowed.Json.Any(json => Same(element, json)))
            {
                OutOfBounds.Add(new FieldFault(path, (allowed.Extra, allowed.Json.Count) switch
                {
                    (true, 0) => "is not supported; leave it out",
                    (true, _) => $"is not supported; leave it out or send {string.Join(" or ", allowed.Json)}",
                    _ => $"wanted {string.Join(" or ", allowed.Json)}",
                }));
            }
        }

        private void Lists(JsonElement element, ShapeField field, string path)
        {
            Count(element, field, path);
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                string itemPath = $"{path}[{index++}]";
                if (Is(item, JsonValueKind.Array, itemPath, "a list of strings")) Texts(item, field, itemPath, counted: false);
            }
        }

        private void Texts(JsonElement element, ShapeField field, string path, bool counted = true)
        {
            if (counted) Count(element, field, path);
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                string itemPath = $"{path}[{index++}]";
                if (Is(item, JsonValueKind.String, itemPath, "a string")) Text(item, field, itemPath);
            }
        }

        private void Count(JsonElement element, ShapeField field, string path)
        {
            if (field.Count is not { } bounds) return;
            (int count, int most) = (element.GetArrayLength(), bounds.Most(limits));
            if (count < bounds.Least) OutOfBounds.Add(new FieldFault(path, "the list is empty"));
            if (count > most) OutOfBounds.Add(new FieldFault(path, $"holds {count} entries; at most {most} are allowed"));
        }

        private void Text(JsonElement element, ShapeField field, string path)
        {
            string? text = TextOf(element);
            if (text is null)
            {
                Malformed.Add(new FieldFault(path, "is not Unicode text (a surrogate without its other half)"));
            }
            else if (field.Length is { } bounds)
            {
                (int length, int most) = (CodePoints.Count(text), bounds.Most(limits));
                if (length < bounds.Least) OutOfBounds.Add(new FieldFault(path, "must not be empty"));
                if (length > most) OutOfBounds.Add(new FieldFault(path, $"has {length} characters; at most {most} are allowed"));
            }
        }

        private void Whole(JsonElement element, ShapeField field, string path)
        {
            if (element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
                Malformed.Add(new FieldFault(path, "wanted a whole number, found one with a point or an exponent"));
            else
                Number(Fits(element, field) ? element.GetDouble() : double.NaN, field, path);
        }

        private static bool Fits(JsonElement element, ShapeField field) =>
            field.Property.PropertyType == typeof(ulong?) ? element.TryGetUInt64(out _) : element.TryGetInt64(out _);

        private void Number(double value, ShapeField field, string path)
        {
            if (field.Value is not { } bounds) return;
            double most = bounds.Most(limits);
            bool within = (bounds.Above ? value > bounds.Least : value >= bounds.Least) && value <= most;
            if (!within) OutOfBounds.Add(new FieldFault(path,
                $"must be {(bounds.Above ? "above" : "at least")} {ValueAttribute.Text(bounds.Least)} and "
                + $"at most {bounds.MostText(limits)}"));
        }

        private bool Is(JsonElement element, JsonValueKind kind, string path, string wanted)
        {
            if (element.ValueKind == kind) return true;
            Malformed.Add(new FieldFault(path, $"wanted {wanted}, found {Found(element)}"));
            return false;
        }

        /// <summary>Another service's name for a field, the same name at another place, or the nearest spelling.</summary>
        private string Suggestion(string name)
        {
            static string LastPart(string path) => path[(path.LastIndexOf('.') + 1)..];
            List<string> paths = [.. root.Paths()];
            string? meant = OtherNames.TryGetValue(name, out string? other) && paths.Contains(other) ? other : null;
            meant ??= paths.Find(path => LastPart(path).Equals(name, StringComparison.OrdinalIgnoreCase));
            meant ??= NearestName.Of(name, paths, LastPart);
            return meant is null ? "; the fields are " + string.Join(", ", paths) : $"; did you mean {meant}?";
        }

        private static string Found(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a truth value",
            _ => "null",
        };

        private static bool Same(JsonElement element, string json)
        {
            using JsonDocument wanted = JsonDocument.Parse(json);
            return JsonElement.DeepEquals(element, wanted.RootElement);
        }

        /// <summary>The text, or null where an escape is half of a surrogate pair: only then does the reader throw here.</summary>
        private static string? TextOf(JsonElement element)
        {
            try
            {
                return element.GetString();
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }

        private static string? NameOf(JsonProperty property)
        {
            try
            {
                return property.Name;
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }
    }
}
