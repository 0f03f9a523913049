using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace RnnService.Server.Tests.Endpoints.OpenInference;

public sealed class BinaryTensorTests(SharedService shared)
{
    /// <summary>What tritonclient.http sends for <c>InferInput("text", [2], "BYTES")</c> and outputs of which it says nothing.</summary>
    private const string Sent = """{"id":"42","inputs":[{"name":"text","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":32}}],"outputs":[{"name":"label","parameters":{"binary_data":true}},{"name":"scores","parameters":{"binary_data":true}}]}"""
        + "\x0d\0\0\0a lovely film\x0b\0\0\0a dull film";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_bytes_of_tritons_client_are_answered_with_bytes(bool compressed)
    {
        byte[] body = Encoding.Latin1.GetBytes(Sent);
        var sent = new MemoryStream();
        await using (Stream stream = compressed ? new GZipStream(sent, CompressionLevel.Fastest, leaveOpen: true) : new BufferedStream(sent)) await stream.WriteAsync(body, Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/sentiment/versions/1/infer") { Content = new ByteArrayContent(compressed ? sent.ToArray() : body) };
        request.Headers.Add(InferMessage.Header, (body.Length - 32).ToString());
        if (compressed) request.Content.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, Cancel);
        Dictionary<string, JsonNode[]> outputs = await InferMessage.OutputsAsync(answer);
        JsonElement ranked = await shared.Client.AnswerAsync("/classify", """{"inputs": ["a lovely film", "a dull film"]}""");
        Assert.Equal(ranked.EnumerateArray().Select(text => text[0].GetProperty("label").GetString()), InferMessage.Texts(outputs["label"]));
        Assert.Equal(4, outputs["scores"].Length);
    }

    /// <summary>Of each output the form that it is asked for in, of the others that of all.</summary>
    [Theory]
    [InlineData("", "{}", false, false)]
    [InlineData("", """{"binary_data_output": true}""", true, true)]
    [InlineData("""{"name": "label"}, {"name": "scores", "parameters": {"binary_data": true}}""", "{}", false, true)]
    [InlineData("""{"name": "label", "parameters": {"binary_data": false}}, {"name": "scores"}""", """{"binary_data_output": true}""", false, true)]
    public async Task Each_output_is_bytes_or_json_as_it_is_asked_for(string outputs, string parameters, bool label, bool scores)
    {
        string json = $$"""{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["film"]}], "outputs": [{{outputs}}], "parameters": {{parameters}}}""";
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/v2/models/sentiment/infer", json);
        await InferMessage.OutputsAsync(answer);
        string text = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(!label, text.Contains("\"data\":[\"", StringComparison.Ordinal));
        Assert.Equal(!scores, text.Contains("\"data\":[0", StringComparison.Ordinal));
    }

    /// <summary>Any texts, whatever the form in which they come and are answered.</summary>
    [Fact]
    public void Bytes_say_what_json_says() => Gen.Select(Gen.String[Gen.Char["aeilmnov ,.äß中\u0301\0\n\"\\"], 0, 12].Array[1, 5], Gen.Bool.Select(tags => tags ? "pos" : "sentiment"))
        .Sample((texts, model) =>
        {
            byte[] elements = InferMessage.Elements(texts);
            using HttpRequestMessage binary = InferMessage.Binary(model,
                $$"""{"parameters": {"binary_data_output": true}, "inputs": [{"name": "text", "shape": [{{texts.Length}}], "datatype": "BYTES", "parameters": {"binary_data_size": {{elements.Length}} } }]}""",
                elements);
            string json = $$"""{"inputs": [{"name": "text", "shape": [{{texts.Length}}], "datatype": "BYTES", "data": {{JsonSerializer.Serialize(texts)}}}]}""";
            Assert.Equal(Outputs(shared.Client.PostJsonAsync($"/v2/models/{model}/infer", json)), Outputs(shared.Client.SendAsync(binary, Cancel)));
        }, iter: 60, threads: 1);

    private static string Outputs(Task<HttpResponseMessage> sent)
    {
        using HttpResponseMessage answer = sent.GetAwaiter().GetResult();
        return string.Join('\n', InferMessage.OutputsAsync(answer).GetAwaiter().GetResult()
            .Select(output => $"{output.Key}: {string.Join(", ", output.Value.Select(element => element.ToJsonString()))}"));
    }
}
