using System.Text;

namespace RnnService.Server.Tests.Hosting;

/// <summary>What a collector of OpenTelemetry is sent.</summary>
public sealed class TelemetryTests(SharedService shared)
{
    private const uint Resource = 1, Scopes = 2, Items = 2; // of what is sent
    private const uint TraceId = 1, SpanId = 2, ParentId = 4, SpanName = 5, SpanAttributes = 9, Links = 13; // of a span
    private const uint MetricName = 1, Histogram = 9; // of a metric

    private const string Trace = "0af7651916cd43dd8448eb211c80319c", Caller = "b7ad6b7169203331", Secret = "romeowhispers";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_collector_is_sent_spans_and_metrics_and_no_text()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        using ServiceRun service = Start(collector, ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"));
        using var client = new HttpClient { BaseAddress = new Uri(await service.UrlAsync()) };
        client.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-{Caller}-01");
        await client.AnswerAsync("/generate", $$"""{"inputs": "{{Secret}}", "parameters": {"max_new_tokens": 5} }""");
        using (await client.GetAsync($"/{Secret}?text={Secret}", Cancel))
        {
        }

        service.ReadOn();
        OtlpMessage[] spans = await collector.WaitForAsync("/v1/traces", all =>
        {
            OtlpMessage[] found = [.. all.At(1, Scopes, Items)];
            return found.Length >= 5 ? found : null;
        });
        Assert.All(spans, span => Assert.Equal(Trace, span.Hex(TraceId)));
        OtlpMessage request = Named("POST /generate"), queue = Named("rnn.queue"), compute = Named("text_completion shakespeare"), batch = Named("rnn.batch");
        Assert.Equal(Caller, request.Hex(ParentId));
        Assert.Equal([request.Hex(SpanId), request.Hex(SpanId), compute.Hex(SpanId)], [queue.Hex(ParentId), compute.Hex(ParentId), batch.Hex(ParentId)]);
        Assert.Equal([compute.Hex(SpanId)], batch.At(Links).Select(link => link.Hex(SpanId)));
        Dictionary<string, string> attributes = compute.Attributes(SpanAttributes);
        Assert.Equal(("text_completion", "shakespeare", "5"),
            (attributes["gen_ai.operation.name"], attributes["gen_ai.request.model"], attributes["gen_ai.usage.output_tokens"]));

        // A request is counted a moment after it has been computed: an export may lie between.
        string[] expected = ["gen_ai.server.request.duration", "rnn.requests", "rnn.queue.depth", "gen_ai.client.token.usage", "http.server.request.duration"];
        OtlpMessage metrics = await collector.WaitForAsync("/v1/metrics", all =>
            expected.Except(all.At(1, Scopes, Items).Select(metric => metric.Text(MetricName))).Any() ? null : all);
        Dictionary<string, string> resource = metrics.At(1, Resource).First().Attributes(1);
        Assert.Equal(("rnn-service", "test", true), (resource["service.name"], resource["deployment.environment.name"], resource.ContainsKey("service.instance.id")));
        Assert.Matches(@"^\d+\.\d+\.\d+$", resource["service.version"]);

        string sent = string.Concat(collector.Received.Select(one => Encoding.UTF8.GetString(one.Body)));
        Assert.DoesNotContain(Secret, sent, StringComparison.Ordinal);

        OtlpMessage Named(string name) => Assert.Single(spans, span => span.Text(SpanName) == name);
    }

    [Fact]
    public async Task A_signal_has_an_address_of_its_own_or_is_switched_off()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        using ServiceRun service = Start(collector, ("OTEL_SERVICE_NAME", "mine"), ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", collector.Url + "/own"), ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-token=1"));
        using var client = new HttpClient { BaseAddress = new Uri(await service.UrlAsync()) };
        await client.AnswerAsync("/classify", """{"inputs": "a"}""");
        service.ReadOn();
        string name = await collector.WaitForAsync("/own", all => all.At(1, Resource).FirstOrDefault()?.Attributes(1)["service.name"]);
        Assert.Equal("mine", name);
        Assert.All(collector.Received, one => Assert.Equal("/own", one.Route));
    }

    private ServiceRun Start(OtlpCollector collector, params (string, string)[] settings) => ServiceRun.Start([],
        [
            ("Rnn__ModelsPath", shared.Models.Path), ("Rnn__Log__Format", "json"), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            // An exporter that is asked before it has been put together, as it is every so often by a shorter interval, never says whose metrics they are.
            ("OTEL_METRIC_EXPORT_INTERVAL", "2000"), .. settings,
        ]);
}
