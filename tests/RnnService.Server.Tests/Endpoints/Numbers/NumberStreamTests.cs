using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Server.Tests.Endpoints.Numbers;

/// <summary>Streams of numbers and sound over real connections: pieces are answered as the whole would be.</summary>
public sealed class NumberStreamTests(NumberService shared) : IClassFixture<NumberService>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Labels_of_the_sequence_so_far_come_while_it_grows()
    {
        using var model = (NumberClassifier)shared.Models.Load("gestures");
        NumberSequence whole = TinyNumberModels.Draw(7, 30, 3);
        using ClientWebSocket socket = await OpenAsync("gestures");
        for (int at = 0; at < 30; at += 10)
        {
            await SendAsync(socket, $$"""{"values": {{TinyNumberModels.Json(whole.Slice(at, 10))}}}""");
            JsonElement answer = await ReceiveAsync(socket); // before the next is sent
            Assert.Equal(at + 10, answer.GetProperty("steps").GetInt32());
            Compare(model.Classify(whole.Slice(0, at + 10)), answer.GetProperty("labels"));
        }

        await SendAsync(socket, """{"end": true}""");
        JsonElement last = await ReceiveAsync(socket);
        Assert.True(last.GetProperty("final").GetBoolean());
        Compare(model.Classify(whole), last.GetProperty("labels"));
        await ClosedAsync(socket, WebSocketCloseStatus.NormalClosure);
    }

    [Fact]
    public async Task A_label_a_step_from_floats_that_are_cut_anywhere()
    {
        using var model = (NumberTagger)shared.Models.Load("phases");
        NumberSequence whole = TinyNumberModels.Draw(8, 40, 2);
        byte[] bytes = [.. whole.Values.ToArray().SelectMany(BitConverter.GetBytes)];
        using ClientWebSocket socket = await OpenAsync("phases");
        for (int at = 0; at < bytes.Length; at += 37)
            await socket.SendAsync(bytes.AsMemory(at, Math.Min(37, bytes.Length - at)), WebSocketMessageType.Binary, endOfMessage: true, Cancel);
        await SendAsync(socket, """{"end": true}""");
        var tags = new List<JsonElement>();
        JsonElement answer;
        while (!(answer = await ReceiveAsync(socket)).TryGetProperty("final", out _)) tags.AddRange(answer.GetProperty("tags").EnumerateArray());
        TagScore[] expected = model.Tag(whole);
        Assert.Equal(expected.Select(tag => model.Labels[tag.Label]), tags.Select(tag => tag.GetProperty("label").GetString()));
        Assert.Equal(expected.Select(tag => tag.Score), tags.Select(tag => tag.GetProperty("score").GetSingle()));
        Assert.Equal(Enumerable.Range(0, 40), tags.Select(tag => tag.GetProperty("start").GetInt32()));
    }

    [Fact]
    public async Task Forecasts_and_how_wrong_the_last_one_was_as_lines_over_a_body()
    {
        using var model = (Forecaster)shared.Models.Load("load");
        NumberSequence whole = TinyNumberModels.Draw(9, 6, 2);
        string lines = string.Concat(Enumerable.Range(0, 6).Select(step => $$"""{"values": {{TinyNumberModels.Json(whole.Slice(step, 1))}}}""" + "\n"));
        JsonElement[] answers = await PostAsync("load", new StringContent(lines, Encoding.UTF8, "application/x-ndjson"));
        Assert.Equal(6, answers[^1].GetProperty("steps").GetInt32());
        Assert.True(answers[^1].GetProperty("final").GetBoolean());
        float?[] errors = [.. answers[..^1].SelectMany(answer => answer.GetProperty("errors").EnumerateArray()).Select(error => error.ValueKind == JsonValueKind.Null ? (float?)null : error.GetSingle())];
        Assert.Equal(6, errors.Length);
        Assert.Null(errors[0]);
        for (int step = 1; step < 6; step++)
        {
            float[] expected = model.Forecast(whole.Slice(0, step)).Values.ToArray()[..2], found = whole.Slice(step, 1).Values.ToArray();
            Assert.Equal(Math.Sqrt((Math.Pow(expected[0] - found[0], 2) + Math.Pow(expected[1] - found[1], 2)) / 2), errors[step]!.Value, 1e-5);
        }

        Assert.Equal(model.Forecast(whole).Values.ToArray(), answers[^1].GetProperty("forecast").EnumerateArray().SelectMany(step => step.EnumerateArray()).Select(value => value.GetSingle()));
    }

    [Fact]
    public async Task A_text_grows_while_it_is_spoken_and_is_that_of_the_file_in_the_end()
    {
        using var model = (Transcriber)shared.Models.Load("digits");
        string expected = model.Transcribe(NumberService.Steps).Text;
        using ClientWebSocket socket = await OpenAsync("digits?format=s16le&rate=8000");
        foreach (byte[] piece in NumberService.Pcm.Chunk(333)) await socket.SendAsync(piece, WebSocketMessageType.Binary, endOfMessage: true, Cancel);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancel); // an end too
        var texts = new List<string>();
        JsonElement answer;
        do texts.Add((answer = await ReceiveAsync(socket)).GetProperty("text").GetString()!);
        while (!answer.TryGetProperty("final", out _));
        Assert.Equal(expected, texts[^1]);
        Assert.All(texts, text => Assert.StartsWith(text, expected, StringComparison.Ordinal));
        Assert.Equal(NumberService.Steps.Steps, answer.GetProperty("steps").GetInt32());

        using var body = new ByteArrayContent(NumberService.Pcm);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Assert.Equal(expected, (await PostAsync("digits", body))[^1].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Answers_are_events_where_they_are_asked_for()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/stream/level")
        {
            Content = new StringContent("""{"values": [[1, 2]]}""", Encoding.UTF8, "application/x-ndjson"),
        };
        request.Headers.Accept.ParseAdd("text/event-stream");
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, Cancel);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        string[] events = (await answer.Content.ReadAsStringAsync(Cancel)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, one => Assert.StartsWith("data:{", one, StringComparison.Ordinal));
        Assert.Contains("\"final\":true", events[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backwards", "model: \"backwards\" reads in both directions")]
    [InlineData("gestures?format=s16le", "format: is s16le; expected f32le or none")]
    [InlineData("gestures?rate=8000", "rate: is given; expected none")]
    [InlineData("digits?rate=5", "rate: is \"5\"; expected samples a second")]
    [InlineData("digits?format=mp3", "format: is \"mp3\"; expected s16le or f32le")]
    public async Task What_cannot_be_streamed_is_refused_before_anything_is_read(string stream, string expected)
    {
        using HttpResponseMessage answer = await shared.Client.PostAsync($"/stream/{stream}", new StringContent("""{"end": true}""", Encoding.UTF8, "application/x-ndjson"), Cancel);
        Assert.Contains(expected, (await answer.IsProblemAsync(422, "validation")).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"values": [[1, 2]]}""", "values: has 2 numbers a step; expected 3", WebSocketCloseStatus.PolicyViolation)]
    [InlineData("""{"value": [[1, 2, 3]]}""", "value: unknown field", WebSocketCloseStatus.PolicyViolation)]
    [InlineData("{}", "values: is required, or else \"end\": true", WebSocketCloseStatus.PolicyViolation)]
    [InlineData("no JSON", "the body is not JSON", WebSocketCloseStatus.PolicyViolation)]
    public async Task A_message_that_is_wrong_ends_its_stream_with_a_sentence_after_what_was_right(string message, string expected, WebSocketCloseStatus status)
    {
        using ClientWebSocket socket = await OpenAsync("gestures");
        await SendAsync(socket, """{"values": [[1, 2, 3]]}""");
        await SendAsync(socket, message);
        Assert.Equal(1, (await ReceiveAsync(socket)).GetProperty("steps").GetInt32());
        JsonElement fault = await ReceiveAsync(socket);
        Assert.Contains(expected, fault.GetProperty("error").GetString(), StringComparison.Ordinal);
        await ClosedAsync(socket, status);
    }

    [Fact]
    public async Task A_message_without_end_and_a_client_without_words_are_ended()
    {
        using ClientWebSocket endless = await OpenAsync("gestures"), silent = await OpenAsync("gestures");
        await SendAsync(endless, "[" + new string(' ', 20_000));
        Assert.Equal("too_large", (await ReceiveAsync(endless)).GetProperty("error_type").GetString());
        await ClosedAsync(endless, WebSocketCloseStatus.MessageTooBig);
        Assert.Equal("timeout", (await ReceiveAsync(silent)).GetProperty("error_type").GetString());
    }

    [Fact]
    public async Task Bytes_that_end_within_a_step_and_numbers_that_are_none_are_told()
    {
        using ClientWebSocket half = await OpenAsync("gestures"), wrong = await OpenAsync("gestures");
        await half.SendAsync(new byte[13], WebSocketMessageType.Binary, endOfMessage: true, Cancel);
        await SendAsync(half, """{"end": true}""");
        Assert.Equal(1, (await ReceiveAsync(half)).GetProperty("steps").GetInt32());
        Assert.Contains("the bytes end within a step", (await ReceiveAsync(half)).GetProperty("error").GetString(), StringComparison.Ordinal);
        await wrong.SendAsync((byte[])[.. BitConverter.GetBytes(float.NaN), .. new byte[8]], WebSocketMessageType.Binary, endOfMessage: true, Cancel);
        Assert.Contains("a number of the stream is NaN", (await ReceiveAsync(wrong)).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_others_open_no_socket()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "https://elsewhere.example");
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Address("gestures"), Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        using var own = new ClientWebSocket();
        own.Options.SetRequestHeader("Origin", shared.Service.ClientOptions.BaseAddress.GetLeftPart(UriPartial.Authority));
        await own.ConnectAsync(Address("gestures"), Cancel);
        using HttpResponseMessage plain = await shared.Client.GetAsync("/stream/gestures", Cancel);
        await plain.IsProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task A_service_that_stops_says_so_to_those_who_stream()
    {
        var stopping = new NumberService();
        await stopping.InitializeAsync();
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(new Uri(stopping.Service.ClientOptions.BaseAddress, "/stream/gestures")) { Scheme = "ws" }.Uri, Cancel);
        await SendAsync(socket, """{"values": [[1, 2, 3]]}""");
        Assert.Equal(1, (await ReceiveAsync(socket)).GetProperty("steps").GetInt32());
        Task stop = stopping.DisposeAsync().AsTask();
        Assert.Equal("not_ready", (await ReceiveAsync(socket)).GetProperty("error_type").GetString());
        await ClosedAsync(socket, WebSocketCloseStatus.EndpointUnavailable);
        await stop;
    }

    private static void Compare(IReadOnlyList<LabelScore> expected, JsonElement found)
    {
        Assert.Equal(expected.Select(label => label.Label), found.EnumerateArray().Select(label => label.GetProperty("label").GetString()));
        Assert.Equal(expected.Select(label => label.Score), found.EnumerateArray().Select(label => label.GetProperty("score").GetSingle()));
    }

    private static async Task SendAsync(ClientWebSocket socket, string text) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Cancel);

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket)
    {
        byte[] buffer = new byte[100_000];
        int got = 0;
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer.AsMemory(got), Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            got += part.Count;
        }
        while (!part.EndOfMessage);
        Assert.Equal(WebSocketMessageType.Text, part.MessageType);
        return JsonDocument.Parse(buffer.AsMemory(0, got)).RootElement;
    }

    private static async Task ClosedAsync(ClientWebSocket socket, WebSocketCloseStatus status)
    {
        WebSocketReceiveResult part = await socket.ReceiveAsync(new byte[100], Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal(WebSocketMessageType.Close, part.MessageType);
        Assert.Equal(status, socket.CloseStatus);
    }

    private Uri Address(string stream) => new UriBuilder(new Uri(shared.Service.ClientOptions.BaseAddress, "/stream/" + stream)) { Scheme = "ws" }.Uri;

    private async Task<ClientWebSocket> OpenAsync(string stream)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(Address(stream), Cancel);
        return socket;
    }

    private async Task<JsonElement[]> PostAsync(string stream, HttpContent body)
    {
        using HttpResponseMessage answer = await shared.Client.PostAsync("/stream/" + stream, body, Cancel);
        string text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
