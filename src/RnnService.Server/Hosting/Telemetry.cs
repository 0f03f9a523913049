using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Hosting;

/// <summary>
/// How the service is seen from outside: metrics for whoever scrapes <c>/metrics</c>, and metrics and traces by OTLP where OpenTelemetry's own
/// variables name a collector. Without those nothing is sent and no span is made.
/// </summary>
internal static class Telemetry
{
    /// <summary>What the service is called where <c>OTEL_SERVICE_NAME</c> says nothing else.</summary>
    public const string ServiceName = "rnn-service";

    /// <summary>Asked every few seconds by machines: nothing that a trace would help with.</summary>
    private static readonly string[] Untraced = ["/health", "/health/live", "/health/ready", "/metrics"];

    public static void Add(WebApplicationBuilder builder)
    {
        IConfiguration configuration = builder.Configuration;
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            // The variables last: they win.
            .ConfigureResource(resource => resource.Clear().AddTelemetrySdk()
                .AddService(ServiceName, serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3))
                .AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(RnnTelemetry.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
                    .AddRuntimeInstrumentation()
                    .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0);
                if (OtlpSettings.Of(configuration, "METRICS") is { } otlp) metrics.AddOtlpExporter(otlp.Apply);
            });
        if (OtlpSettings.Of(configuration, "TRACES") is not { } traced) return;
        telemetry.WithTracing(traces => traces.AddSource(RnnTelemetry.ActivitySourceName)
            .AddAspNetCoreInstrumentation(requests =>
            {
                requests.Filter = context => !Untraced.Contains(context.Request.Path.Value);
                requests.EnrichWithHttpResponse = (activity, response) => Describe(activity, response.HttpContext);
            })
            .AddOtlpExporter(traced.Apply));
    }

    /// <summary>The route says where a request went; a path or a query may hold somebody's text.</summary>
    private static void Describe(Activity activity, HttpContext context)
    {
        activity.SetTag("url.path", null).SetTag("url.query", null);
        if (RequestFacts.Of(context).Failure is { } failure) activity.SetTag("error.type", failure);
    }
}
