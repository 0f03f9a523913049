using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>What clients send in other words than ours, and what must stay refused beside it.</summary>
public sealed class LeniencyTests(SharedService shared)
{
    private const string Body = """{"inputs": "a", "parameters": {"max_new_tokens": 3, "seed": 1}}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/json; charset=utf8")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("application/json; charset=\"Utf8\"")]
    [InlineData("application/json; charset=us-ascii")]
    [InlineData("application/json; charset=")]
    [InlineData("APPLICATION/JSON; charset='utf-8'", 415)]
    [InlineData("application/json; charset=latin1", 415)]
    [InlineData("text/json", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData(null, 415)]
    public async Task UTF8_has_several_names_and_other_types_are_told_the_right_header(string? type, int status = 200)
    {
        using HttpResponseMessage answer = await PostAsync(Encoding.UTF8.GetBytes(Body), type, null);
        if (status == 200) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        else
        {
            JsonElement problem = await answer.IsProblemAsync(415, "media_type");
            string found = type is null ? "missing" : $"\"{type}\"";
            string curl = type?.Contains("form", StringComparison.Ordinal) ?? false ? " (with curl: -H 'content-type: application/json')" : "";
            Assert.Equal($"the header Content-Type is {found}; expected Content-Type: application/json, in UTF-8{curl}",
                problem.GetProperty("detail").GetString());
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    [InlineData("deflate")]
    [InlineData("deflate", true)]
    [InlineData("br")]
    [InlineData("identity, gzip")]
    [InlineData("identity")]
    public async Task A_compressed_body_is_read(string encoding, bool bare = false)
    {
        byte[] body = Encoding.UTF8.GetBytes(Body);
        byte[] whole = Compressed(body, encoding);
        if (bare) whole = whole[2..^4]; // without zlib's head and sum, as some clients send it
        using HttpResponseMessage answer = await PostAsync(whole, "application/json", encoding);
        using HttpResponseMessage plain = await PostAsync(body, "application/json", null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(await plain.Content.ReadAsStringAsync(Cancel), await answer.Content.ReadAsStringAsync(Cancel));

        if (encoding == "identity") return;
        // Whatever is wrong with it is the client's fault.
        foreach (byte[] broken in (byte[][])[body, whole[..^9], [.. whole[..15], 255, 255, .. whole[17..]], [0xff, 0xff, 0xff]])
        {
            using HttpResponseMessage refused = await PostAsync(broken, "application/json", encoding);
            await refused.IsProblemAsync(400, "malformed");
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task The_bound_of_a_body_holds_for_what_comes_out(string encoding)
    {
        byte[] bomb = Compressed(Encoding.UTF8.GetBytes($$"""{"inputs": "{{new string('a', 2_000_001)}}"}"""), encoding);
        Assert.True(bomb.Length < 10_000);
        using HttpResponseMessage answer = await PostAsync(bomb, "application/json", encoding);
        await answer.IsProblemAsync(413, "too_large");
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip,gzip")]
    [InlineData("compress")]
    public async Task An_unknown_encoding_is_told_the_known_ones(string encoding)
    {
        using HttpResponseMessage answer = await PostAsync(Encoding.UTF8.GetBytes(Body), "application/json", encoding);
        JsonElement problem = await answer.IsProblemAsync(415, "content_encoding");
        Assert.Contains($"the content encoding is \"{encoding}\"", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("gzip, deflate, br", string.Join(", ", answer.Headers.GetValues("Accept-Encoding")));
    }

    [Theory]
    [InlineData("20.0", "20")]
    [InlineData("2e1", "20")]
    [InlineData("2E+1", "20")]
    [InlineData("200e-1", "20")]
    [InlineData("0.0020e4", "20")]
    [InlineData("20.000000000000000000000000000000000000", "20")]
    [InlineData("-0.0", "0")]
    [InlineData("0e999999999999999999", "0")]
    [InlineData("18446744073709551615.0", "18446744073709551615")]
    [InlineData("20.5", null)]
    [InlineData("1e-1", null)]
    [InlineData("1e-99999999999999999999", null)]
    [InlineData("184467440737095516151e-1", null)]
    public void A_whole_number_may_be_written_in_many_ways(string json, string? value)
    {
        Assert.Equal(value is not null, JsonNumber.TryParseWhole(json, out Int128 found));
        if (value is not null) Assert.Equal(value, found.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Every_whole_number_is_found_however_it_is_shifted() =>
        Gen.Select(Gen.Long, Gen.Int[-30, 30]).Sample((number, shift) =>
        {
            string digits = Math.Abs((decimal)number).ToString(CultureInfo.InvariantCulture);
            string json = shift >= 0
                ? $"{(number < 0 ? "-" : "")}{digits}{new string('0', shift)}e-{shift}"
                : $"{(number < 0 ? "-" : "")}0.{new string('0', -shift)}{digits}e{digits.Length - shift}";
            Assert.True(JsonNumber.TryParseWhole(json, out Int128 found));
            Assert.Equal(number, found);
        });

    [Theory]
    [InlineData("\"max_new_tokens\": 20.0")]
    [InlineData("\"max_new_tokens\": 2e1")]
    [InlineData("\"max_new_tokens\": 20, \"seed\": 7.0")]
    [InlineData("\"max_new_tokens\": 20, \"stop\": \"never so\"")]
    [InlineData("\"max_new_tokens\": 20, \"stop\": null, \"top_k\": -1, \"top_p\": null, \"temperature\": null")]
    [InlineData("\"max_new_tokens\": 20, \"truncate\": 1000, \"watermark\": false, \"best_of\": 1.0, \"typical_p\": 1, \"max_time\": null")]
    [InlineData("\"max_new_tokens\": 20, \"frequency_penalty\": 0, \"presence_penalty\": 0.0, \"logit_bias\": {}, \"typical_p\": null")]
    public async Task Other_writings_of_the_same_parameters_give_the_same_text(string parameters)
    {
        JsonElement usual = await shared.Client.AnswerAsync("/generate", Of("\"max_new_tokens\": 20"));
        Assert.Equal(usual.GetRawText(), (await shared.Client.AnswerAsync("/generate", Of(parameters))).GetRawText());

        static string Of(string parameters) => $$"""
            {"inputs": "a", "options": {"wait_for_model": true, "use_cache": false},
             "parameters": { {{parameters}} {{(parameters.Contains("seed") ? "" : ", \"seed\": 7")}} } }
            """;
    }

    [Fact]
    public async Task Minus_one_is_not_set()
    {
        HashSet<string> texts = [];
        for (int i = 0; i < 4; i++)
        {
            JsonElement drawn = await shared.Client.AnswerAsync(
                "/generate", """{"inputs": "a", "parameters": {"seed": -1, "max_new_tokens": 40, "details": true}}""");
            texts.Add(drawn.GetProperty("details").GetProperty("seed").GetRawText());
        }

        Assert.InRange(texts.Count, 2, 4);
        JsonElement unset = await shared.Client.AnswerAsync("/generate", """{"inputs": "a", "parameters": {"max_new_tokens": -1, "seed": 3}}""");
        JsonElement absent = await shared.Client.AnswerAsync("/generate", """{"inputs": "a", "parameters": {"seed": 3}}""");
        Assert.Equal(absent.GetRawText(), unset.GetRawText());
        JsonElement labels = await shared.Client.AnswerAsync("/classify", """{"inputs": "a", "parameters": {"top_k": -1, "return_all_scores": true}}""");
        Assert.Equal(2, labels[0].GetArrayLength());
    }

    [Fact]
    public async Task One_stop_string_ends_the_text_as_a_list_of_one_does()
    {
        JsonElement one = await shared.Client.AnswerAsync("/generate", """{"inputs": "a", "parameters": {"seed": 1, "stop": "e"}}""");
        JsonElement list = await shared.Client.AnswerAsync("/generate", """{"inputs": "a", "parameters": {"seed": 1, "stop": ["e"]}}""");
        Assert.EndsWith("e", one.GetProperty("generated_text").GetString(), StringComparison.Ordinal);
        Assert.Equal(list.GetRawText(), one.GetRawText());
    }

    [Theory]
    [InlineData("first")]
    [InlineData("average")]
    [InlineData("max")]
    public async Task Strategies_for_pieces_of_words_are_simple_where_a_token_is_a_word(string strategy)
    {
        JsonElement simple = await TagAsync("\"simple\"");
        Assert.Equal(simple.GetRawText(), (await TagAsync($"\"{strategy}\"")).GetRawText());
        Assert.Equal(simple.GetRawText(), (await TagAsync("null, \"ignore_labels\": [\"O\"], \"stride\": 4")).GetRawText());

        Task<JsonElement> TagAsync(string value) => shared.Client.AnswerAsync("/tag",
            $$$"""{"inputs": "Marie worked in Paris", "model": "ner", "parameters": {"aggregation_strategy": {{{value}}}}}""");
    }

    [Fact]
    public async Task Labels_can_be_left_out()
    {
        JsonElement all = await shared.Client.AnswerAsync("/tag", """{"inputs": "Marie worked in Paris"}""");
        string label = all[0].GetProperty("entity_group").GetString()!;
        foreach (string ignored in new[] { $"\"{label}\"", $"[\"{label}\"]" })
        {
            JsonElement left = await shared.Client.AnswerAsync("/tag",
                $$$"""{"inputs": "Marie worked in Paris", "parameters": {"ignore_labels": {{{ignored}}}}}""");
            Assert.Equal(all.EnumerateArray().Where(one => one.GetProperty("entity_group").GetString() != label).Select(one => one.GetRawText()),
                left.EnumerateArray().Select(one => one.GetRawText()));
        }
    }

    [Fact]
    public async Task Scores_are_what_function_to_apply_asks_for()
    {
        double[] logits = await ScoresAsync("none"), single = await ScoresAsync("sigmoid"), shares = await ScoresAsync("softmax");
        double sum = logits.Sum(Math.Exp);
        Assert.All(logits.Zip(shares), pair => Assert.Equal(Math.Exp(pair.First) / sum, pair.Second, 1e-6));
        Assert.All(logits.Zip(single), pair => Assert.Equal(1 / (1 + Math.Exp(-pair.First)), pair.Second, 1e-6));

        async Task<double[]> ScoresAsync(string function)
        {
            JsonElement answer = await shared.Client.AnswerAsync("/classify",
                $$$"""{"inputs": "a lovely film", "parameters": {"function_to_apply": "{{{function}}}"}}""");
            return [.. answer[0].EnumerateArray().Select(label => label.GetProperty("score").GetDouble())];
        }
    }

    private Task<HttpResponseMessage> PostAsync(byte[] body, string? type, string? encoding)
    {
        var content = new ByteArrayContent(body);
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null) content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return shared.Client.PostAsync("/generate", content, Cancel);
    }

    private static byte[] Compressed(byte[] body, string encoding)
    {
        using var result = new MemoryStream();
        Stream? encoder = encoding.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" or "identity, gzip" => new GZipStream(result, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(result, CompressionLevel.Optimal, leaveOpen: true),
            "br" => new BrotliStream(result, CompressionLevel.Optimal, leaveOpen: true),
            _ => null,
        };
        if (encoder is null) return body;
        using (encoder) encoder.Write(body);
        return result.ToArray();
    }
}
