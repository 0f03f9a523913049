using System.Text;
using RnnService.Server.Endpoints;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>Values made to break a reader, in every field of every route: never a fault of the service, never a long answer.</summary>
public sealed class HostileValueTests(SharedService shared)
{
    private const int LongestAnswer = 8_000;

    private static readonly Dictionary<string, Type> Requests = new()
    {
        ["/generate"] = typeof(GenerateRequest),
        ["/classify"] = typeof(ClassifyRequest),
        ["/tag"] = typeof(TagRequest),
        ["/inspect"] = typeof(InspectRequest),
    };

    /// <summary>Each is put in the place of a value as it stands.</summary>
    private static readonly string[] Values =
    [
        "1e9999999999", "-1e9999999999", "1e-9999999999", "1e99999999999999999999999", "-1e999", "1e400", "-1e400", "1e308", "-1e308", "5e-324", "1e-400",
        "-0", "-0.0", "-0e5", "0.1e1", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        "170141183460469231731687303715884105728", "2147483648", "-2147483649", "4294967296", "-1", "-2", "-1.0", "-1.5", "1.5", "0.99999999999999999999",
        "1" + new string('0', 5_000), "0." + new string('0', 5_000) + "1", "1e" + new string('0', 5_000) + "1", "-" + new string('9', 5_000) + "." + new string('9', 5_000),
        "NaN", "nan", "Infinity", "-Infinity", "\"NaN\"", "\"Infinity\"", "\"1\"", "+1", "01", ".5", "1.", "1e", "0x10", "1_000", "undefined", "True", "'a'",
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"a\\ud83d\"", "[\"\\udc00\"]", "[[\"\\ud800\"]]", "{\"\\ud800\": 1}", "{\"a\\udfff\": {\"\\ud800\": 1}}", "\"\\u0000\"",
        "[\"\\u0000\"]", "\"\\x\"", "\"\\u12\"", "\"\u0001\"", "\"\n\"", "\"\\ufeff\\ufffe\\uffff\"", "\"\\u202e\\u2028\\u0085\"", "\"\\r\\n\\r\\nX: y\"",
        "\"\"", "\" \"", "[]", "[[]]", "[[[]]]", "{}", "[{}]", "null", "[null]", "[[null]]", "true", "false", "[true]", "[1]", "[[1]]", "[\"a\", null, 1]", "[[\"a\"], null]",
        "{\"a\": 1, \"a\": 2}", "{\"\": 1}", "{\"inputs\": {\"inputs\": 1}}", "{\"__proto__\": {\"a\": 1}}", "{\"$type\": \"System.Object\"}", "{\"$ref\": \"1\"}",
        "{\"$id\": \"1\", \"$values\": []}", "/* a */ 1", "1 // a", "[1,]", "{\"a\": 1,}", "[", "{", "\"", "]", "}", "",
        Nested("[", "]", 40), Nested("[", "]", 63), Nested("[", "]", 70), Nested("{\"a\":", "}", 62, "1"), Nested("{\"parameters\":", "}", 40, "1"), new string('[', 5_000),
        "[" + Many("1") + "]", "[" + Many("\"a\"") + "]", "[" + Many("[]") + "]", "[[" + Many("\"\"") + "]]",
        $"\"{new string('a', 39)}😀\"", $"\"{new string('a', 40)}😀\"", $"\"{new string('a', 98)}😀😀\"", $"\"{new string('a', 99)}😀😀\"", $"\"{new string('a', 999)}😀😀\"",
        $"\"{new string('x', 100_000)}\"", $"\"{string.Concat(Enumerable.Repeat("\\u0001", 10_000))}\"", $"\"{string.Concat(Enumerable.Repeat("\\ud83d\\ude00", 10_000))}\"",
        $"{{\"{new string('n', 50_000)}\": 1}}", $"{{\"{new string('n', 39)}😀\": 1}}", $"{{\"{string.Concat(Enumerable.Repeat("\\u0001", 60))}\": 1}}",
    ];

    public static TheoryData<string, string> Fields =>
        [.. Requests.SelectMany(request => RequestSchema.Of(request.Value).Paths.All.Select(path => (request.Key, path)))];

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Every_value_in_every_field_is_answered_or_the_clients_fault(string route, string path)
    {
        foreach (string value in Values)
        {
            string inputs = path is "inputs" or "tokens" ? "" : "\"inputs\": \"a\", ";
            string model = path == "model" || route != "/inspect" ? "" : "\"model\": \"sentiment\", ";
            string tokens = path == "parameters.max_new_tokens" || route != "/generate" ? "" : ", \"max_new_tokens\": 1";
            string[] parts = path.Split('.');
            string field = parts is ["parameters", var parameter, .. var inner]
                ? $"\"parameters\": {{{Nested([parameter, .. inner], value)}{tokens}}}" : Nested(parts, value);
            await CheckAsync(route, $"{{{inputs}{model}{field}}}", $"{path} = {value}");
        }
    }

    [Theory]
    [InlineData("/generate")]
    [InlineData("/generate_stream")]
    [InlineData("/classify")]
    [InlineData("/tag")]
    [InlineData("/inspect")]
    public async Task Every_value_as_the_body_or_a_name_is_the_clients_fault(string route)
    {
        foreach (string value in Values)
        {
            await CheckAsync(route, value, value);
            await CheckAsync(route, $"{value} {value}", value);
            await CheckAsync(route, $"\uFEFF{value}", value);
            await CheckAsync(route, $"{{\"inputs\": \"a\", {value}: 1}}", value);
            await CheckAsync(route, $"{{\"inputs\": \"a\", \"parameters\": {{{value}: {value}}}}}", value);
        }
    }

    /// <summary>Bytes that are no UTF-8 at all, in a value and in a name.</summary>
    [Theory]
    [InlineData(new byte[] { 0xff })]
    [InlineData(new byte[] { 0xc0, 0xaf })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    [InlineData(new byte[] { 0xf4, 0x90, 0x80, 0x80 })]
    [InlineData(new byte[] { 0xe2, 0x82 })]
    public async Task Bytes_that_are_no_text_are_malformed(byte[] bytes)
    {
        foreach (string route in Requests.Keys)
        {
            foreach (byte[] body in new[] { [.. "{\"inputs\": \""u8, .. bytes, .. "\"}"u8], (byte[])[.. "{\""u8, .. bytes, .. "\": 1}"u8] })
            {
                using var content = new ByteArrayContent(body);
                content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
                using HttpResponseMessage answer = await shared.Client.PostAsync(route, content, TestContext.Current.CancellationToken);
                await answer.IsProblemAsync(400, "malformed");
            }
        }
    }

    private async Task CheckAsync(string route, string body, string what)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
        byte[] text = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        string place = $"{route} {what[..Math.Min(60, what.Length)]}: {(int)answer.StatusCode}, {text.Length} bytes";
        Assert.True((int)answer.StatusCode is 200 or 400 or 403 or 404 or 422, place);
        if (answer.IsSuccessStatusCode) return;
        Assert.True(text.Length < LongestAnswer, place);
        Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/problem+json", place);
        Assert.DoesNotContain("System.", Encoding.UTF8.GetString(text).Replace("System.Object", ""), StringComparison.Ordinal);
    }

    private static string Many(string one) => string.Join(',', Enumerable.Repeat(one, 100_000));

    /// <summary>A field, within objects where its path has several parts.</summary>
    private static string Nested(string[] path, string value) => path is [var name] ? $"\"{name}\": {value}" : $"\"{path[0]}\": {{{Nested(path[1..], value)}}}";

    private static string Nested(string open, string close, int depth, string inside = "") =>
        string.Concat(Enumerable.Repeat(open, depth)) + inside + string.Concat(Enumerable.Repeat(close, depth));
}
