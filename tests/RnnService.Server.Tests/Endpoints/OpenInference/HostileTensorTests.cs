using System.Text;
using CsCheck;

namespace RnnService.Server.Tests.Endpoints.OpenInference;

/// <summary>Bodies that lie about their sizes are the client's fault, told at once and without room being made for what is not there.</summary>
public sealed class HostileTensorTests(SharedService shared)
{
    private const string Texts = "\x04\0\0\0film\x01\0\0\0a";

    public static TheoryData<int, string, string> Bodies => new()
    {
        // shapes
        { 422, Json("[-1]", "\"data\": [\"a\"]"), "" }, { 422, Json("[0]", "\"data\": []"), "" }, { 422, Json("[]", "\"data\": [\"a\"]"), "" },
        { 422, Json("[9223372036854775807]", "\"data\": [\"a\"]"), "" }, { 422, Json("[1e300]", "\"data\": [\"a\"]"), "" }, { 422, Json("[2147483647]", "\"data\": [\"a\"]"), "" },
        { 422, Json("[64, 64]", "\"data\": [\"a\"]"), "" }, { 422, Json("[-1, -1]", "\"data\": [\"a\"]"), "" }, { 422, Json("[1,1,1,1,1,1,1,1,1]", "\"data\": [\"a\"]"), "" },
        { 400, Json("[1.5]", "\"data\": [\"a\"]"), "" }, { 400, Json("[\"1\"]", "\"data\": [\"a\"]"), "" }, { 400, Json("1", "\"data\": [\"a\"]"), "" },
        // data
        { 422, Json("[2]", "\"data\": [\"a\"]"), "" }, { 422, Json("[1]", "\"data\": [\"a\", \"b\"]"), "" }, { 422, Json("[1]", "\"data\": [[], []]"), "" },
        { 400, Json("[1]", "\"data\": [1]"), "" }, { 400, Json("[1]", "\"data\": [null]"), "" }, { 400, Json("[1]", "\"data\": [{}]"), "" }, { 400, Json("[1]", "\"data\": \"a\""), "" },
        { 400, Json("[1]", "\"data\": [\"\\ud800\"]"), "" }, { 422, Json("[1]", "\"data\": null"), "" },
        // names and types
        { 422, Json("[1]", "\"data\": [\"a\"]").Replace("\"text\"", "\"image\""), "" }, { 422, Json("[1]", "\"data\": [\"a\"]").Replace("BYTES", "FP32"), "" },
        { 422, """{"inputs": []}""", "" }, { 422, "{}", "" }, { 400, "[]", "" }, { 400, "", "" },
        { 422, Json("[1]", "\"data\": [\"a\"]", """, "outputs": [{"name": "logits"}]"""), "" },
        { 422, Json("[1]", "\"data\": [\"a\"]", """, "outputs": [{"name": "label"}, {"name": "label"}]"""), "" },
        { 400, Json("[1]", "\"data\": [\"a\"]", """, "parameters": {"top_k": 1}"""), "" }, { 400, Json("[1]", "\"data\": [\"a\"]", """, "parameters": []"""), "" },
        // bytes
        { 400, Json("[2]", Size(13)), Texts + "x" }, { 400, Json("[2]", Size(13)), Texts[..12] }, { 400, Json("[2]", Size(0)), "" }, { 422, Json("[2]", Size(-1)), "" },
        { 422, Json("[2]", Size(3_000_000_000)), Texts }, { 400, Json("[2]", Size(2_147_483_647)), Texts }, { 400, Json("[1]", Size(13)), Texts }, { 400, Json("[3]", Size(13)), Texts },
        { 400, Json("[64]", Size(13)), Texts }, { 400, Json("[1]", Size(4)), "\xff\xff\xff\xff" }, { 400, Json("[1]", Size(4)), "\xff\xff\xff\x7f" }, { 400, Json("[1]", Size(3)), "\0\0\0" },
        { 400, Json("[1]", Size(6)), "\x02\0\0\0\xff\xfe" }, { 422, Json("[1]", "\"data\": [\"a\"], " + Size(5)), "\x01\0\0\0a" }, { 400, Json("[1]", "\"data\": [\"a\"]"), "left over" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task What_does_not_fit_together_is_the_clients_fault(int status, string json, string tensor)
    {
        using HttpRequestMessage request = InferMessage.Binary("sentiment", json, Encoding.Latin1.GetBytes(tensor));
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.NotEmpty(await InferMessage.IsErrorAsync(answer, status));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("1e2")]
    [InlineData("99999999999999999999")]
    [InlineData("2000000000")]
    [InlineData("5")]
    [InlineData("0")]
    public async Task A_header_that_does_not_end_the_json_is_the_clients_fault(string length)
    {
        using HttpRequestMessage request = InferMessage.Binary("sentiment", Json("[1]", "\"data\": [\"a\"]"));
        request.Headers.Remove(InferMessage.Header);
        request.Headers.Add(InferMessage.Header, length);
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await InferMessage.IsErrorAsync(answer, 400);
    }

    /// <summary>Bytes of a good request changed, left out and repeated: answered, or the client's fault.</summary>
    [Fact]
    public void No_bytes_are_a_fault_of_the_service()
    {
        byte[] good = [.. Encoding.UTF8.GetBytes(Json("[2]", Size(13))), .. Encoding.Latin1.GetBytes(Texts)];
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 8], Gen.Byte.Array[0, 8], Gen.Int[-3, 3]).Sample((at, removed, added, shift) =>
        {
            byte[] body = [.. good[..at], .. added, .. good[Math.Min(at + removed, good.Length)..]];
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/sentiment/infer") { Content = new ByteArrayContent(body) };
            request.Headers.Add(InferMessage.Header, (good.Length - 13 + shift).ToString());
            using HttpResponseMessage answer = shared.Client.SendAsync(request, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
            Assert.True((int)answer.StatusCode is 200 or 400 or 413 or 422, $"{(int)answer.StatusCode} {answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()}");
        }, iter: 500, threads: 1);
    }

    private static string Size(long bytes) => $$"""  "parameters": {"binary_data_size": {{bytes}} }""";

    private static string Json(string shape, string elements, string more = "") =>
        $$"""{"inputs": [{"name": "text", "shape": {{shape}}, "datatype": "BYTES", {{elements}} }]{{more}} }""";
}
