using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RnnService.Server.Tests.Endpoints.OpenInference;

/// <summary>Messages of the Open Inference Protocol, put together and taken apart by hand, as its description has them.</summary>
internal static class InferMessage
{
    public const string Header = "Inference-Header-Content-Length";

    /// <summary>A request with the bytes of tensors after its JSON.</summary>
    public static HttpRequestMessage Binary(string model, string json, params byte[][] tensors)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent([.. header, .. tensors.SelectMany(tensor => tensor)]) };
        request.Headers.Add(Header, header.Length.ToString());
        return request;
    }

    /// <summary>Texts as the elements of a tensor.</summary>
    public static byte[] Elements(params IEnumerable<string> texts) => [.. texts.SelectMany(text =>
    {
        byte[] bytes = new byte[4 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - 4);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(4));
        return bytes;
    })];

    /// <summary>The outputs of an answer by name, whose elements are JSON or bytes.</summary>
    public static async Task<Dictionary<string, JsonNode[]>> OutputsAsync(HttpResponseMessage answer)
    {
        byte[] body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        bool isBinary = answer.Headers.TryGetValues(Header, out IEnumerable<string>? lengths);
        Assert.Equal(isBinary ? "application/octet-stream" : "application/json", answer.Content.Headers.ContentType?.MediaType);
        int json = isBinary ? int.Parse(lengths!.Single()) : body.Length, at = json;
        Dictionary<string, JsonNode[]> outputs = [];
        foreach (JsonNode? output in JsonNode.Parse(body.AsSpan(0, json))!["outputs"]!.AsArray())
        {
            long count = output!["shape"]!.AsArray().Aggregate(1L, (product, size) => product * size!.GetValue<long>());
            JsonNode[] elements = output["data"]?.AsArray().Select(element => element!).ToArray() ?? [];
            if (output["parameters"]?["binary_data_size"]?.GetValue<int>() is { } size)
            {
                elements = Elements(body.AsSpan(at, size), output["datatype"]!.GetValue<string>());
                at += size;
            }

            Assert.Equal(count, elements.Length);
            outputs.Add(output["name"]!.GetValue<string>(), elements);
        }

        Assert.Equal(body.Length, at);
        return outputs;
    }

    public static string[] Texts(JsonNode[] elements) => [.. elements.Select(element => element.GetValue<string>())];

    /// <summary>Checks that an answer is what the protocol's clients show of a failure.</summary>
    public static async Task<string> IsErrorAsync(HttpResponseMessage answer, int status)
    {
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)answer.StatusCode, $"expected {status}, found {(int)answer.StatusCode} {text}");
        JsonElement error = Assert.Single(JsonDocument.Parse(text).RootElement.EnumerateObject().ToArray()).Value;
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        return error.GetString()!;
    }

    private static JsonNode[] Elements(ReadOnlySpan<byte> bytes, string datatype)
    {
        var elements = new List<JsonNode>();
        while (bytes.Length > 0)
        {
            int size = datatype switch { "BYTES" => 4 + BinaryPrimitives.ReadInt32LittleEndian(bytes), "UINT64" => 8, _ => 4 };
            ReadOnlySpan<byte> one = bytes[..size];
            elements.Add(datatype switch
            {
                "BYTES" => Encoding.UTF8.GetString(one[4..]),
                "FP32" => BinaryPrimitives.ReadSingleLittleEndian(one),
                "INT32" => BinaryPrimitives.ReadInt32LittleEndian(one),
                _ => BinaryPrimitives.ReadUInt64LittleEndian(one),
            });
            bytes = bytes[size..];
        }

        return [.. elements];
    }
}
