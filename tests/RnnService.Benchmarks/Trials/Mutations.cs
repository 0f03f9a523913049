using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RnnService.Benchmarks.Trials;

/// <summary>Changes requests that work into requests that may not: in their JSON, which keeps most of their sense, and in their bytes, which keeps little.</summary>
internal sealed class Mutations(Random random)
{
    private static readonly JsonSerializerOptions Plain = new() { MaxDepth = 512 };

    /// <summary>What stands in the place of a value: bounds of number types, texts of odd characters, other kinds of JSON.</summary>
    private static readonly string[] Odd =
    [
        "null", "true", "false", "0", "-1", "1", "2", "16", "1e400", "-1e400", "1e-400", "0.5", "20.0", "2147483648", "-2147483649", "9223372036854775808", "18446744073709551616",
        "1.7976931348623157e308", "\"\"", "\" \"", "\"a\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ufeff\\u202e\"", "\"\U0001F600\U0001F468‍\U0001F469\"", "\"שלום عليكم 你好 ROMEO:\"",
        "\"=1+1\"", "\"<script>\"", "\"../../etc/passwd\"", "\"shakespeare\"", "\"sentiment\"", "\"pos\"", "[]", "[[]]", "[[[[[[[[]]]]]]]]", "[null]", "[\"a\",1]", "[\"\"]", "{}", "{\"a\":{}}",
        "{\"inputs\":{\"inputs\":\"a\"}}", "[0,1,2]", "[-1]", "[2147483647]", "[[1],[2,3]]",
    ];

    /// <summary>The text of a body with one to three of its values changed.</summary>
    public byte[] Json(string body)
    {
        JsonNode? root = JsonNode.Parse(body);
        for (int changes = random.Next(1, 4); changes > 0; changes--) root = Changed(root);
        string text = root?.ToJsonString(Plain) ?? "null";
        return random.Next(8) == 0 ? Bytes(Encoding.UTF8.GetBytes(text)) : Encoding.UTF8.GetBytes(text);
    }

    /// <summary>The bytes with a few changed, left out, doubled or put in.</summary>
    public byte[] Bytes(byte[] bytes)
    {
        var changed = new List<byte>(bytes);
        for (int changes = random.Next(1, 6); changes > 0 && changed.Count > 0; changes--)
        {
            int at = random.Next(changed.Count);
            switch (random.Next(6))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed.RemoveRange(at, Math.Min(random.Next(1, 9), changed.Count - at));
                    break;
                case 2:
                    changed.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    changed.RemoveRange(at, changed.Count - at);
                    break;
                case 4:
                    changed.InsertRange(at, changed.GetRange(at, Math.Min(64, changed.Count - at)));
                    break;
                default:
                    changed.InsertRange(at, Encoding.UTF8.GetBytes(Pick(Odd)));
                    break;
            }
        }

        return [.. changed];
    }

    /// <summary>A path with one of its parts changed.</summary>
    public string Path(string path)
    {
        string[] parts = path.Split('/');
        int at = random.Next(parts.Length);
        parts[at] = Pick("", "..", ".", "%00", "%2f", "%2e%2e", "shakespeare", "nobody", "v1", "a b", new string('x', 3_000), "%ff%fe", "*", "?a=b&a=c", ";", "\\");
        return string.Join('/', parts).Replace(" ", "%20");
    }

    public T Pick<T>(params IReadOnlyList<T> of) => of[random.Next(of.Count)];

    private JsonNode? Changed(JsonNode? root)
    {
        List<JsonNode?> nodes = [.. All(root)];
        JsonNode? target = Pick(nodes);
        switch (target)
        {
            case JsonObject fields when fields.Count > 0 && random.Next(2) == 0:
                string name = Pick([.. fields.Select(field => field.Key)]);
                JsonNode? value = fields[name]?.DeepClone();
                if (random.Next(2) == 0) fields.Remove(name);
                fields[Pick(name + "s", name.ToUpperInvariant(), "", "text", "prompt", "$ref", "__proto__", name)] = value;
                return root;
            case JsonArray { Count: > 0 } list when random.Next(2) == 0:
                for (int copies = Pick(1, 2, 70, 2_000); copies > 0; copies--) list.Add(list[0]?.DeepClone());
                return root;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String && random.Next(2) == 0:
                return Put(root, target, JsonValue.Create(Repeated(text.GetValue<string>())));
            case JsonValue number when number.GetValueKind() == JsonValueKind.Number && random.Next(3) > 0:
                return Put(root, target, JsonNode.Parse(Pick("0", "1", "2", "3.5", "20.0", "0.95", "7", "100", "-1", "64", "4001")));
            case JsonValue flag when flag.GetValueKind() is JsonValueKind.True or JsonValueKind.False && random.Next(2) == 0:
                return Put(root, target, JsonValue.Create(!flag.GetValue<bool>()));
            default:
                return Put(root, target, JsonNode.Parse(Pick(Odd) is var odd && odd.Contains("\\ud", StringComparison.Ordinal) ? "\"\\ufffd\"" : odd));
        }
    }

    private string Repeated(string text)
    {
        const int longest = 100_000;
        string one = text.Length == 0 ? "a" : text;
        return string.Concat(Enumerable.Repeat(one, Math.Min(Pick(2, 10, 300, 3_000), 1 + longest / one.Length)));
    }

    private static JsonNode? Put(JsonNode? root, JsonNode? target, JsonNode? value)
    {
        switch (target?.Parent)
        {
            case JsonObject fields:
                fields[target.GetPropertyName()] = value;
                return root;
            case JsonArray list:
                list[target.GetElementIndex()] = value;
                return root;
            default:
                return value;
        }
    }

    private static IEnumerable<JsonNode?> All(JsonNode? node)
    {
        yield return node;
        IEnumerable<JsonNode?> inner = node switch
        {
            JsonObject fields => fields.Select(field => field.Value),
            JsonArray list => list,
            _ => [],
        };
        foreach (JsonNode? child in inner)
        {
            foreach (JsonNode? deeper in All(child)) yield return deeper;
        }
    }
}
