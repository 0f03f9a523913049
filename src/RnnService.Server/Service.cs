using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Console;
using RnnService.AspNetCore;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Endpoints;
using RnnService.Server.Endpoints.HuggingFace;
using RnnService.Server.Endpoints.OpenAi;
using RnnService.Server.Endpoints.OpenInference;
using RnnService.Server.Endpoints.Streams;
using RnnService.Server.Hosting;
using RnnService.Server.Keys;
using RnnService.Server.Models;
using RnnService.Server.OpenApi;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server;

/// <summary>Puts the service together.</summary>
internal static class Service
{
    /// <summary>Seconds beyond the drain in which a stopping service closes what is left.</summary>
    private const int CloseSeconds = 5;

    /// <summary>Bytes of a connection that are taken before they are asked for: more than the headers of a request may have.</summary>
    private const int UnreadBytes = 65_536;

    /// <summary>Reads the settings: those beside the program, of the environment, arguments, and files of one setting each.</summary>
    public static WebApplicationBuilder Builder(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        if (builder.Configuration[$"{ServiceOptions.Section}:{nameof(ServiceOptions.SettingsPath)}"] is { Length: > 0 } settings)
            builder.Configuration.AddKeyPerFile(Path.GetFullPath(settings), optional: false, reloadOnChange: true);
        return builder;
    }

    /// <exception cref="OptionsException">The configuration cannot be used.</exception>
    public static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = Builder(args);
        ServiceOptions options = OptionsReader.Read(builder.Configuration);
        FrameworkSettings.Check(builder.Configuration);
        ModelsFolder folder = ModelsPath.Find(options.ModelsPath, Environment.CurrentDirectory, AppContext.BaseDirectory);

        Listen(builder, options);
        ConsoleFormat format = Log(builder, options.Log);
        var cors = Cors.Of(options.Http.CorsOrigins);
        var proxies = new Proxies(options.Http);

        builder.Services.AddSingleton(folder).AddSingleton(ConfiguredDefaults.Read(builder.Configuration, options.Defaults))
            .AddRnnModels(models =>
            {
                (models.Path, models.Defaults, models.Batching, models.Loading) = (folder.Path, options.Defaults, options.Batching, options.Loading);
                (models.LoadWaitSeconds, models.DrainSeconds, models.StuckSeconds) =
                    (options.Http.LoadWaitSeconds, options.Http.DrainSeconds, options.Http.StuckSeconds);
                models.KeptFiles = FolderFiles.Paths;
            })
            .AddKeys(options.Keys, options.Http).AddSingleton(options.Limits).AddSingleton(options.Http).AddSingleton<RequestMetrics>()
            .AddSingleton(options.Routes).AddSingleton<ConnectionLimit>().AddSingleton<SettingsReload>().AddSingleton<IHostLifetime, SignalLifetime>()
            .AddSingleton<OnnxExports>().AddSingleton(new StartReport.Style(format)).AddSingleton<BodyBudget>().AddSingleton<LargeBodyTurns>().AddSingleton<RequestReader>()
            .AddSingleton<InferencePath>().AddSingleton<GenerationPath>().AddSingleton<GenerateTools>().AddSingleton<HuggingFaceEndpoints>().AddSingleton<StreamEndpoints>().AddSingleton<InspectionRules>()
            .AddSingleton<StartReport>().AddHostedService(services => services.GetRequiredService<StartReport>())
            .AddSessions(options.Sessions)
            .AddSingleton<IResponseCompressionProvider, AnswerCompression>()
            .AddResponseCompression(compression => (compression.MimeTypes, compression.EnableForHttps) = (AnswerCompression.Types, true))
            // Refused in the service's own words, after the request has its id: see Guards.
            .PostConfigure<HostFilteringOptions>(filtering => filtering.AllowedHosts = ["*"])
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.Http.DrainSeconds + CloseSeconds))
            .ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions))
            .AddEndpointsApiExplorer()
            .AddSwaggerGen(ApiDocument.Describe);
        Telemetry.Add(builder);
        builder.Services.AddOpenAi();
        if (cors is not null) builder.Services.AddCors().AddSingleton<ICorsPolicyProvider>(cors);

        WebApplication app = builder.Build();
        proxies.Use(app);
        app.UseMiddleware<RequestMiddleware>();
        app.UseHsts();
        app.UseBrowserHeaders(ApiDocument.ClosedAtFirst);
        app.UseLeaving(app.Services.GetRequiredService<Readiness>());
        app.UseHeadRequests();
        app.UseProbeListener(options.Http, options.Routes);
        app.UseAllowedHosts(FrameworkSettings.Hosts(builder.Configuration));
        app.UseWebSockets();
        app.UseRouting();
        if (cors is not null) app.UseCors();
        app.UseResponseCompression();
        if (options.Routes.Swagger) app.UseApiDocument();
        app.UseKeys(options.Keys);
        if (options.Routes.Playground) PlaygroundEndpoints.Map(app);
        else if (options.Routes.Swagger) app.MapGet("/", () => Results.Redirect("~" + ApiDocument.Path)).AllowAnonymous().ExcludeFromDescription();
        GenerateEndpoints.Map(app);
        ClassifyEndpoints.Map(app);
        TagEndpoints.Map(app);
        TranscribeEndpoints.Map(app);
        PredictEndpoints.Map(app);
        app.Services.GetRequiredService<StreamEndpoints>().Map(app);
        app.Services.GetRequiredService<HuggingFaceEndpoints>().Map(app);
        OpenAiEndpoints.Map(app);
        OpenInferenceEndpoints.Map(app);
        if (options.Routes.Explanations) InspectEndpoints.Map(app);
        SessionEndpoints.Map(app);
        if (options.Routes.Models) ModelEndpoints.Map(app);
        if (options.Routes.Repository) RepositoryEndpoints.Map(app);
        if (options.Routes.Downloads)
        {
            ModelEndpoints.MapFiles(app);
            OnnxEndpoint.Map(app);
        }

        HealthEndpoints.Map(app);
        if (options.Routes.Metrics || options.Http.ProbePort > 0) HealthEndpoints.MapMetrics(app);
        return app;
    }

    private static void Listen(WebApplicationBuilder builder, ServiceOptions options)
    {
        Listeners.Read(builder.Configuration, options.Http.ProbePort).Apply(builder);
        // The framework's default is 1 MB, with each connection, whether anybody reads it or not. Its two halves are set apart.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = UnreadBytes);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Limits.MaxBodyBytes;
            kestrel.Limits.MaxRequestBufferSize = UnreadBytes;
            ConnectionLimit limit = kestrel.ApplicationServices.GetRequiredService<ConnectionLimit>();
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                // Probes speak HTTP/1.1 also where the service is told to speak HTTP/2 without encryption, which excludes the other.
                if (options.Http.ProbePort > 0 && endpoint.IPEndPoint?.Port == options.Http.ProbePort) endpoint.Protocols = HttpProtocols.Http1;
                endpoint.Use(next => connection => limit.RunAsync(connection, next));
            });
            kestrel.Limits.MaxRequestHeaderCount = options.Http.MaxHeaders;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.Http.MaxHeaderBytes;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(options.Http.IdleSeconds);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(options.Http.HeadersSeconds);
        });
    }

    /// <summary>
    /// Chooses how the console is written: as this service's option says, or the framework's own, or for people on a terminal and for
    /// machines anywhere else.
    /// </summary>
    private static ConsoleFormat Log(WebApplicationBuilder builder, LogOptions options)
    {
        const string simple = "simple";
        string? formatter = options.Format.Length > 0 ? null : builder.Configuration["Logging:Console:FormatterName"];
        bool text = formatter is not null ? formatter == simple
            : options.Format == LogOptions.Text || (options.Format.Length == 0 && !Console.IsOutputRedirected);
        builder.Logging.ClearProviders();
        // What keeps the host from starting is an exception, which is told once and in a sentence.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (formatter is not null) builder.Logging.AddConsole();
        else if (text)
            builder.Logging.AddConsoleFormatter<PlainConsoleFormatter, ConsoleFormatterOptions>().AddConsole(console => console.FormatterName = LogOptions.PlainFormatter);
        else builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "O"));
        if (!text) return ConsoleFormat.Lines;
        // The report at the start says all of this in five lines.
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning).AddFilter(typeof(ModelLoading).FullName, LogLevel.None);
        return ConsoleFormat.Text;
    }
}
