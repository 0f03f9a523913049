using System.Net;
using System.Text;
using System.Text.Json;

namespace RnnService.Server.Tests.Endpoints;

public sealed class OddTextTests(SharedService shared)
{
    public static TheoryData<string, string> Odd => new()
    {
        { "empty", "" },
        { "white space", " \t\u00a0\u2003" },
        { "emoji", "👩‍👩‍👧‍👦 🇫🇷 😀" },
        { "combining marks", "e\u0301\u0302\u0303" + new string('\u0336', 500) },
        { "NUL", "a\0b\0" },
        { "right to left", "\u202eשלום עולם מרחבא\u202c" },
        { "not a character", "\uffff\ufffe\ufdd0" },
        { "unknown plane", "\U0010ffff\U000e0001" },
        { "escapes", "\\u0000 \" </script> ${x} {{y}} %00 ../../etc" },
        { "byte order mark", "\ufeffa" },
        { "long word", new string('a', 20_000) },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task Odd_text_is_answered(string name, string text)
    {
        string json = JsonSerializer.Serialize(text);
        await shared.Client.AnswerAsync("/classify", $$"""{"inputs": {{json}}}""");
        await shared.Client.AnswerAsync("/classify", $$"""{"inputs": ["a", {{json}}]}""");
        await shared.Client.AnswerAsync("/tag", $$"""{"inputs": {{json}}}""");
        // Joined by a space, the two words together must keep within the bound.
        string word = JsonSerializer.Serialize(text[..Math.Min(text.Length, 19_000)]);
        if (text.Length > 0) await shared.Client.AnswerAsync("/tag", $$"""{"tokens": [["a", {{word}}]]}""");
        foreach (string model in new[] { "shakespeare", "words" })
        {
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/generate",
                $$$"""
                {"inputs": {{{json}}}, "model": "{{{model}}}",
                 "parameters": {"max_new_tokens": 2, "decoder_input_details": true, "details": true}}
                """);
            bool unknown = model == "words" ? string.IsNullOrWhiteSpace(text) : name is "not a character" or "unknown plane";
            bool refused = text.Length == 0 || unknown;
            if (refused) await answer.IsProblemAsync(422, "validation");
            else Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_hundred_kilobytes_of_one_letter_are_too_long_and_said_to_be()
    {
        string json = JsonSerializer.Serialize(new { inputs = new string('a', 100_000) });
        foreach (string route in new[] { "/generate", "/generate_stream", "/classify", "/tag" })
        {
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, json);
            JsonElement problem = await answer.IsProblemAsync(422, "validation");
            Assert.Equal("inputs: has 100000 characters; at most 20000 are allowed", problem.GetProperty("detail").GetString());
        }
    }

    [Theory]
    [InlineData("""{"inputs": "\ud800"}""")]
    [InlineData("""{"inputs": "a\udc00b"}""")]
    [InlineData("""{"inputs": "a", "\ud800": 1}""")]
    [InlineData("""{"inputs": "a", "model": "\udfff"}""")]
    public async Task Half_a_surrogate_pair_is_malformed(string body)
    {
        foreach (string route in new[] { "/generate", "/generate_stream", "/classify", "/tag" })
        {
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
            await answer.IsProblemAsync(400, "malformed");
        }
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_malformed()
    {
        byte[] body = [.. "{\"inputs\": \""u8, 0xff, 0xc0, .. "\"}"u8];
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        using HttpResponseMessage answer = await shared.Client.PostAsync("/classify", content, TestContext.Current.CancellationToken);
        await answer.IsProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task A_byte_order_mark_before_the_body_is_passed_over()
    {
        using var content = new ByteArrayContent([.. Encoding.UTF8.Preamble, .. """{"inputs": "a"}"""u8]);
        content.Headers.ContentType = new("application/json");
        using HttpResponseMessage answer = await shared.Client.PostAsync("/classify", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
