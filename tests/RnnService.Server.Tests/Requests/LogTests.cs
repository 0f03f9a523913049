using System.Text;
using System.Text.Json.Nodes;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

public sealed class LogTests(SharedService shared)
{
    private const string Marker = "Rumpelstilzchen";

    [Fact]
    public async Task No_text_of_a_request_is_ever_logged()
    {
        await using TestService service = await TestService.StartAsync(shared.Models);
        using HttpClient client = service.Client();
        JsonNode document = JsonNode.Parse(await client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
        (string, string)[] routes =
            [("/generate", "Generate"), ("/generate_stream", "Generate"), ("/classify", "Classify"), ("/tag", "Tag")];
        foreach ((string route, string schema) in routes)
        {
            foreach ((string name, _) in document["components"]!["schemas"]![schema + "Request"]!["properties"]!.AsObject())
            {
                await PostAsync(client, route, new JsonObject { ["inputs"] = "a", [name] = Marker });
                await PostAsync(client, route, new JsonObject { ["inputs"] = "a", [name] = new JsonArray(Marker, new JsonArray(Marker)) });
            }

            foreach ((string name, _) in document["components"]!["schemas"]![schema + "Parameters"]!["properties"]!.AsObject())
            {
                await PostAsync(client, route, new JsonObject { ["inputs"] = Marker, ["parameters"] = new JsonObject { [name] = Marker } });
                JsonObject list = new() { [name] = new JsonArray(Marker) };
                await PostAsync(client, route, new JsonObject { ["inputs"] = Marker, ["parameters"] = list });
            }

            await PostAsync(client, route, new JsonObject { [Marker] = Marker });
            await PostAsync(client, route, JsonValue.Create(Marker));
            await PostAsync(client, route, new JsonObject { ["inputs"] = Marker });
            await client.PostAsync(route, new StringContent(Marker, Encoding.UTF8, "application/json"),
                TestContext.Current.CancellationToken);
            await client.PostAsync($"{route}/of {Marker}?{Marker}={Marker}", new StringContent(Marker, Encoding.UTF8, "text/plain"),
                TestContext.Current.CancellationToken);
            using HttpRequestMessage request = Http.Post(route, "{}");
            string[] headers = [Deadline.Header, "User-Agent"];
            foreach (string header in headers) request.Headers.TryAddWithoutValidation(header, Marker);
            request.Headers.TryAddWithoutValidation(RequestMiddleware.RequestIdHeader, $"{Marker} in words"); // no id, by its spaces
            await client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        await client.GetAsync("/models/" + Marker, TestContext.Current.CancellationToken);
        Assert.Contains(service.Logs.Lines, line =>
            line.Contains("POST /generate", StringComparison.Ordinal) && line.Contains("422", StringComparison.Ordinal));
        // What was looked for, as far as it looks like a path.
        Assert.Contains(service.Logs.Lines, line => line.Contains("POST /generate/of…  404", StringComparison.Ordinal));
        Assert.DoesNotContain(service.Logs.Lines, line => line.Contains(Marker, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(Marker, await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken),
            StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("order-17.of_today", true)]
    [InlineData("two words", false)]
    [InlineData("a\tb", false)]
    [InlineData("größe", false)]
    public async Task A_usable_request_id_of_the_client_is_in_the_log_line_beside_the_trace_id(string id, bool isUsable)
    {
        await using TestService service = await TestService.StartAsync(shared.Models);
        using HttpClient client = service.Client();
        using HttpRequestMessage request = Http.Post("/classify", """{"inputs": "a"}""");
        request.Headers.TryAddWithoutValidation(RequestMiddleware.RequestIdHeader, id);
        using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await service.MetricBecomesAsync(1, "rnn_requests_total", "route=\"/classify\"");
        string line = Assert.Single(service.Logs.Lines, line => line.Contains("POST /classify", StringComparison.Ordinal));
        Assert.Equal(isUsable, line.Contains($"RequestId={id}", StringComparison.Ordinal));
        Assert.Matches("TraceId=[0-9a-f]{32}", line);
    }

    [Fact]
    public void A_fault_is_logged_by_type_and_place_and_its_message_is_not()
    {
        var logs = new LogCapture();
        using var factory = new Microsoft.Extensions.Logging.LoggerFactory([logs]);
        try
        {
            throw new InvalidOperationException(Marker, new FormatException(Marker));
        }
        catch (InvalidOperationException exception)
        {
            new FaultLog(new Microsoft.Extensions.Logging.Logger<FaultLog>(factory)).Write(exception, "");
        }

        string line = Assert.Single(logs.Lines);
        Assert.Contains("System.FormatException", line, StringComparison.Ordinal);
        Assert.Contains(nameof(A_fault_is_logged_by_type_and_place_and_its_message_is_not), line, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_metrics_count_requests_tokens_and_batches()
    {
        await using TestService service = await TestService.StartAsync(shared.Models);
        using HttpClient client = service.Client();
        await client.AnswerAsync("/generate", """{"inputs": "abc", "parameters": {"max_new_tokens": 5}}""");
        await client.AnswerAsync("/classify", """{"inputs": ["a lovely film", "a"]}""");
        using HttpResponseMessage refused = await client.PostJsonAsync("/classify", "{");

        Assert.Equal(5, await service.MetricAsync("rnn_output_tokens_total", "model=\"shakespeare\""));
        Assert.Equal(3, await service.MetricAsync("rnn_input_tokens_total", "model=\"shakespeare\""));
        Assert.Equal(4, await service.MetricAsync("rnn_input_tokens_total", "model=\"sentiment\""));
        Assert.Equal(1, await service.MetricAsync("rnn_requests_total", "route=\"/generate\"", "code=\"200\"", "model=\"shakespeare\""));
        Assert.Equal(1, await service.MetricAsync("rnn_request_failures_total", "route=\"/classify\"", "reason=\"malformed\""));
        Assert.Equal(1, await service.MetricAsync("rnn_queue_duration_seconds_count", "kind=\"classify\""));
        Assert.Equal(1, await service.MetricAsync("rnn_time_to_first_token_seconds_count"));
        Assert.Equal(4, await service.MetricAsync("rnn_inter_token_duration_seconds_count"));
        Assert.Equal(1, await service.MetricAsync("rnn_compute_duration_seconds_count", "kind=\"classify\""));
        Assert.Equal(5, await service.MetricAsync("rnn_model_info"));
        Assert.Equal(1, await service.MetricAsync("rnn_model_broken"));
        Assert.True(await service.MetricAsync("rnn_model_size_bytes", "model=\"ner\"") > 0);
    }

    [Fact]
    public async Task Odd_methods_hosts_and_routes_add_no_series()
    {
        await using TestService service = await TestService.StartAsync(shared.Models);
        using HttpClient client = service.Client();
        await OddAsync(0);
        await SeriesAsync(); // which has a series itself
        int before = await SeriesAsync();
        for (int odd = 1; odd <= 100; odd++) await OddAsync(odd);
        Assert.Equal(before, await SeriesAsync());

        async Task OddAsync(int odd)
        {
            foreach (string route in new[] { "/classify", $"/nowhere/{odd}", $"/models/{odd}" })
            {
                using var request = new HttpRequestMessage(new HttpMethod($"ODD{odd}"), route) { Headers = { Host = $"host{odd}.example.com" } };
                request.Headers.Add("X-Forwarded-Proto", $"odd{odd}");
                using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
                using HttpResponseMessage got = await client.GetAsync(route, TestContext.Current.CancellationToken);
                Assert.InRange((int)answer.StatusCode, 400, 499);
            }
        }

        async Task<int> SeriesAsync() => (await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n')
            .Count(line => line.StartsWith("rnn_", StringComparison.Ordinal) || line.StartsWith("http_", StringComparison.Ordinal));
    }

    private static async Task PostAsync(HttpClient client, string route, JsonNode body)
    {
        using HttpResponseMessage answer = await client.PostJsonAsync(route, body.ToJsonString());
        Assert.InRange((int)answer.StatusCode, 200, 499);
    }
}
