using System.Text;
using System.Text.Json;
using RnnService.Server.Endpoints;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>A bad body costs little to read and is answered in few bytes, however much is wrong with it.</summary>
public sealed class BadBodyTests(SharedService shared)
{
    /// <summary>Bytes of the longest answer to a bad request.</summary>
    private const int Most = 8_000;

    private static readonly string[] Routes = ["/generate", "/generate_stream", "/classify", "/tag"];

    public static TheoryData<string> Bodies => [.. Large.Keys];

    /// <summary>Bodies just below the limit, full of one kind of fault.</summary>
    private static Dictionary<string, Func<string>> Large { get; } = new()
    {
        ["unknown fields"] = () => "{" + Many(170_000, i => $"\"f{i}\":1") + "}",
        ["unknown parameters"] = () => "{\"inputs\":\"a\",\"parameters\":{" + Many(150_000, i => $"\"f{i}\":1") + "}}",
        ["near names"] = () => "{" + Many(120_000, i => $"\"inputz{i % 10}{(char)('a' + (i % 26))}\":1") + "}",
        ["one name"] = () => "{" + Many(150_000, _ => "\"inputs\":\"\"") + "}",
        ["long names"] = () => "{" + Many(19, i => $"\"{i}{new string('k', 100_000)}\":1") + "}",
        ["escaped names"] = () => "{" + Many(20_000, i => $"\"{i}{string.Concat(Enumerable.Repeat("\\u0001", 14))}\":1") + "}",
        ["names beyond the plane"] = () => "{" + Many(6_000, i => $"\"{i}{string.Concat(Enumerable.Repeat("😀", 60))}\":1") + "}",
        ["halves of pairs"] = () => "{" + Many(180_000, _ => "\"\\ud800\":1") + "}",
        ["wrong inputs"] = () => "{\"inputs\":[" + Many(900_000, _ => "1") + "]}",
        ["empty inputs"] = () => "{\"inputs\":[" + Many(60, _ => "\"\"") + "],\"parameters\":{\"stop\":[" + Many(100_000, _ => "\"\"") + "]}}",
        ["wrong tokens"] = () => "{\"tokens\":[" + Many(900_000, _ => "1") + "]}",
        ["wrong words"] = () => "{\"tokens\":[[" + Many(900_000, _ => "1") + "]]}",
        ["empty words"] = () => "{\"tokens\":[" + Many(64, _ => "[" + Many(9_000, _ => "\"\"") + "]") + "]}",
        ["many words"] = () => "{\"tokens\":[[" + Many(400_000, _ => "\"a\"") + "]]}",
        ["lists in lists"] = () => "{\"tokens\":[" + Many(64, _ => "[" + Many(9_000, _ => "[]") + "]") + "]}",
        ["wrong stop"] = () => "{\"inputs\":\"a\",\"parameters\":{\"stop\":[" + Many(900_000, _ => "1") + "]}}",
        ["wrong labels"] = () => "{\"inputs\":\"a\",\"parameters\":{\"ignore_labels\":[" + Many(900_000, _ => "1") + "]}}",
        ["wrong biases"] = () => "{\"inputs\":\"a\",\"parameters\":{\"logit_bias\":{" + Many(150_000, i => $"\"{i}\":[]") + "}}}",
        ["one bias"] = () => "{\"inputs\":\"a\",\"parameters\":{\"logit_bias\":{" + Many(300_000, _ => "\"3\":1") + "}}}",
        ["many biases"] = () => "{\"inputs\":\"a\",\"parameters\":{\"logit_bias\":{" + Many(150_000, i => $"\"{i}\":1") + "}}}",
        ["a long number"] = () => "{\"inputs\":\"a\",\"parameters\":{\"seed\":1" + new string('0', 1_900_000) + "}}",
        ["a long fraction"] = () => "{\"inputs\":\"a\",\"parameters\":{\"top_p\":2." + new string('1', 1_900_000) + "}}",
        ["a long value"] = () => "{\"inputs\":\"a\",\"parameters\":{\"aggregation_strategy\":\"" + new string('s', 39) + "😀" + new string('s', 1_000_000) + "\"}}",
        ["a long model"] = () => "{\"inputs\":\"a\",\"model\":\"" + new string('m', 99) + string.Concat(Enumerable.Repeat("😀", 400_000)) + "\"}",
        ["deep lists"] = () => new string('[', 1_900_000),
        ["deep objects"] = () => string.Concat(Enumerable.Repeat("{\"a\":", 350_000)),
        ["deep value"] = () => "{\"inputs\":" + new string('[', 60) + new string(']', 60) + "}",
        ["blanks"] = () => new string(' ', 1_900_000),
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task The_answer_is_short_whatever_is_wrong(string kind)
    {
        string body = Large[kind]();
        Assert.InRange(Encoding.UTF8.GetByteCount(body), 1, new LimitOptions().MaxBodyBytes);
        foreach (string route in Routes)
        {
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
            byte[] text = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.True((int)answer.StatusCode is 400 or 404 or 422 && text.Length < Most, $"{route}: {(int)answer.StatusCode}, {text.Length} bytes");
        }
    }

    /// <summary>Beyond the document itself, which is as long as the body.</summary>
    [Theory]
    [InlineData("unknown fields")]
    [InlineData("unknown parameters")]
    [InlineData("wrong inputs")]
    [InlineData("wrong words")]
    [InlineData("many words")]
    [InlineData("wrong stop")]
    [InlineData("one name")]
    public void The_check_ends_after_the_first_faults(string kind)
    {
        using JsonDocument document = JsonDocument.Parse(Large[kind]());
        foreach (Type type in new[] { typeof(GenerateRequest), typeof(ClassifyRequest), typeof(TagRequest) })
        {
            var check = new BodyCheck(new LimitOptions(), RequestSchema.Of(type), "");
            long before = GC.GetAllocatedBytesForCurrentThread();
            check.Object(document.RootElement, RequestSchema.Of(type), "");
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
            Assert.InRange(check.Malformed.Faults.Count + check.OutOfBounds.Faults.Count, 1, FaultList.Most + 1);
        }
    }

    [Fact]
    public async Task What_was_not_read_is_said()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/classify", "{" + Many(30, i => $"\"{i}\": 1") + "}");
        JsonElement problem = await answer.IsProblemAsync(400, "malformed");
        Assert.Equal("0: unknown field; the fields are inputs, model, parameters, options (and 19 faults more, perhaps others after them)",
            problem.GetProperty("detail").GetString());
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        // The fields that there are stand there once.
        Assert.Equal("unknown field", problem.GetProperty("errors").GetProperty("1")[0].GetString());
    }

    [Fact]
    public async Task A_sentence_with_more_words_than_characters_allowed_is_counted_first()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/tag", Large["many words"]());
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.Equal("tokens[0]: holds 400000 entries; at most 20000 are allowed", problem.GetProperty("detail").GetString());
    }

    private static string Many(int count, Func<int, string> one) => string.Join(',', Enumerable.Range(0, count).Select(one));
}
