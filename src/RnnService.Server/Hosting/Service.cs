using Microsoft.OpenApi;
using OpenTelemetry.Metrics;
using RnnService.Server.Batching;
using RnnService.Server.Endpoints;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Hosting;

/// <summary>Puts the service together.</summary>
internal static class Service
{
    /// <summary>Seconds beyond the drain in which a stopping service closes what is left.</summary>
    private const int CloseSeconds = 5;

    /// <exception cref="OptionsException">The configuration cannot be used.</exception>
    public static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        ServiceOptions options = OptionsReader.Read(builder.Configuration);
        ModelsFolder folder = ModelsFolder.Find(options.ModelsPath, Environment.CurrentDirectory, AppContext.BaseDirectory);

        Listen(builder, options);
        Log(builder);
        builder.Services.AddSingleton(folder).AddSingleton(options.Defaults).AddSingleton(options.Limits).AddSingleton(options.Batching)
            .AddSingleton(options.Http).AddSingleton(TimeProvider.System)
            .AddSingleton<Readiness>().AddSingleton<ServiceMetrics>().AddSingleton<ModelRegistry>().AddSingleton<FaultLog>().AddSingleton<OnnxExports>()
            .AddSingleton<RequestReader>().AddSingleton<GenerateTools>().AddSingleton<ComputeLoop>()
            .AddHostedService(services => services.GetRequiredService<ComputeLoop>())
            .AddHostedService<ModelLoading>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.Http.DrainSeconds + CloseSeconds))
            .ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions))
            .AddEndpointsApiExplorer()
            .AddSwaggerGen(OpenApiDocument.Describe);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(ServiceMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddRuntimeInstrumentation()
            .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));

        WebApplication app = builder.Build();
        app.UseMiddleware<Envelope>();
        app.UseSwagger(swagger => swagger.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1);
        app.UseSwaggerUI(page =>
        {
            page.SwaggerEndpoint($"{OpenApiDocument.Name}/swagger.json", "RnnService");
            page.DocumentTitle = "RnnService";
            page.DisplayRequestDuration();
            page.EnableTryItOutByDefault();
        });
        app.MapGet("/", () => Results.Redirect("/swagger")).ExcludeFromDescription();
        GenerateEndpoints.Map(app);
        ClassifyEndpoints.Map(app);
        TagEndpoints.Map(app);
        ModelEndpoints.Map(app);
        OnnxEndpoint.Map(app);
        HealthEndpoints.Map(app);
        return app;
    }

    private static void Listen(WebApplicationBuilder builder, ServiceOptions options)
    {
        if (HealthProbe.UrlUnlessConfigured(builder.Configuration) is { } url) builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Limits.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = options.Http.MaxConnections == 0 ? null : options.Http.MaxConnections;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(options.Http.IdleSeconds);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(options.Http.HeadersSeconds);
        });
    }

    private static void Log(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        if (builder.Environment.IsDevelopment()) builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        else builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "O"));
    }
}
