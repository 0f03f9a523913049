using System.ComponentModel.DataAnnotations;

namespace RnnService.Server.Hosting;

/// <summary>
/// Everything that can be set, under the section <c>Rnn</c> of appsettings.json or as environment variables
/// (<c>Rnn__Limits__MaxNewTokens</c>).
/// The summaries are the table in docs/operations.md.
/// </summary>
internal sealed record ServiceOptions
{
    public const string Section = "Rnn";

    /// <summary>
    /// Folder that holds one folder a model. Empty: the nearest folder named models, upwards from the current directory or else from the
    /// program's.
    /// </summary>
    public string ModelsPath { get; init; } = "";

    public DefaultModelOptions Defaults { get; init; } = new();

    public LimitOptions Limits { get; init; } = new();

    public BatchingOptions Batching { get; init; } = new();

    public LoadingOptions Loading { get; init; } = new();

    public HttpOptions Http { get; init; } = new();

    public RouteSwitches Routes { get; init; } = new();

    public LogOptions Log { get; init; } = new();
}

/// <summary>The model that answers when a request names none.</summary>
internal sealed record DefaultModelOptions
{
    /// <summary>Model for /generate when a request names none. Empty, or as shipped and not there: the only model of its task.</summary>
    public string Generate { get; init; } = "";

    /// <summary>Model for /classify when a request names none. Empty, or as shipped and not there: the only model of its task.</summary>
    public string Classify { get; init; } = "";

    /// <summary>Model for /tag when a request names none. Empty, or as shipped and not there: the only model of its task.</summary>
    public string Tag { get; init; } = "";
}

/// <summary>What a single request may ask for.</summary>
internal sealed record LimitOptions
{
    /// <summary>Most bytes of a request body; a larger one is answered with 413.</summary>
    [Range(1_000, 1_000_000_000)]
    public int MaxBodyBytes { get; init; } = 2_000_000;

    /// <summary>
    /// Most bytes of all request bodies together that are being read or not answered yet; one more is answered with 429. A client, told by its
    /// address, may take half of it. Bodies up to 16 kB are not counted, and one that is as large as allowed always fits. What is kept of a body takes
    /// up to four times its bytes of memory.
    /// </summary>
    [Range(1_000, 2_000_000_000)]
    public int MaxBodyBytesAltogether { get; init; } = 64_000_000;

    /// <summary>Most characters (Unicode code points) of one text; a longer one is answered with 422.</summary>
    [Range(1, 10_000_000)]
    public int MaxTextLength { get; init; } = 20_000;

    /// <summary>Most texts in one request; a longer list is answered with 422.</summary>
    [Range(1, 100_000)]
    public int MaxListLength { get; init; } = 64;

    /// <summary>Most tokens one request may generate.</summary>
    [Range(1, 100_000_000)]
    public int MaxNewTokens { get; init; } = 4_000;

    /// <summary>
    /// Most tokens of one request that is classified or tagged, all its texts together; more are answered with 422. At least those of one
    /// text of the greatest length.
    /// </summary>
    [Range(1, 100_000_000)]
    public int MaxRequestTokens { get; init; } = 32_768;

    /// <summary>Most stop strings of one request.</summary>
    [Range(0, 1_000)]
    public int MaxStopStrings { get; init; } = 4;

    /// <summary>Most characters of one stop string.</summary>
    [Range(1, 10_000)]
    public int MaxStopLength { get; init; } = 100;

    /// <summary>Most alternatives reported with each generated token.</summary>
    [Range(0, 1_000)]
    public int MaxTopNTokens { get; init; } = 10;

    /// <summary>
    /// Megabytes of ONNX files made for <c>/models/{name}/onnx</c> that are kept in the system's folder for temporary files. What does not fit
    /// is made anew for every download, which takes seconds.
    /// </summary>
    [Range(0, 1_000_000)]
    public int KeptOnnxMegabytes { get; init; } = 256;
}

/// <summary>How requests share the processor.</summary>
internal sealed record BatchingOptions
{
    /// <summary>Requests that may wait for one model; one more is answered with 429. Longer: fewer refusals, longer waits.</summary>
    [Range(1, 100_000)]
    public int QueueLength { get; init; } = 1_024;

    /// <summary>
    /// Tokens that the requests waiting for one model may hold together; more are answered with 429. Larger: fewer refusals, longer waits,
    /// more memory (some 100 bytes a token).
    /// </summary>
    [Range(1, 1_000_000_000)]
    public int QueueTokens { get; init; } = 262_144;

    /// <summary>Seconds a request may wait until it is begun; then it is answered with 503.</summary>
    [Range(1, 3_600)]
    public int QueueSeconds { get; init; } = 30;

    /// <summary>
    /// Texts one language model continues together; further ones wait in the queue. More: higher throughput, slower single streams.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxStreams { get; init; } = 1_024;

    /// <summary>
    /// Tokens of a batch of texts, all together. A longer text is computed alone. Larger: higher throughput, longer waits for short texts.
    /// </summary>
    [Range(1, 10_000_000)]
    public int BatchTokens { get; init; } = 4_096;

    /// <summary>
    /// Prompt tokens a stream reads in one step while it is alone; beside others it reads as many as at most double their step. Larger:
    /// earlier first tokens, later leaving.
    /// </summary>
    [Range(1, 100_000)]
    public int PromptChunk { get; init; } = 64;

    /// <summary>
    /// Generated tokens a streaming client may leave unread before its stream pauses and gives its place to another, so that slow readers cost
    /// neither memory nor computing.
    /// </summary>
    [Range(1, 1_000_000)]
    public int StreamBuffer { get; init; } = 256;

    /// <summary>Seconds a paused stream is kept whose client reads nothing; then its connection is cut.</summary>
    [Range(1, 86_400)]
    public int UnreadSeconds { get; init; } = 60;

    /// <summary>
    /// Seconds that ONNX Runtime may compute one batch of a model.onnx; it is ended then, and the text refused with 422. Longer: longer
    /// texts of slow graphs, longer waits of others for the same model.
    /// </summary>
    [Range(1, 3_600)]
    public int OnnxRunSeconds { get; init; } = 10;
}

/// <summary>How models come in.</summary>
internal sealed record LoadingOptions
{
    /// <summary>
    /// Seconds a model folder gets to be loaded; after that it is told as broken and the service counts as ready without it. Longer: large
    /// models on slow disks; a folder that hangs keeps a default, and with it readiness, waiting longer.
    /// </summary>
    [Range(1, 86_400)]
    public int MaxSeconds { get; init; } = 60;
}

/// <summary>How the service talks to its clients.</summary>
internal sealed record HttpOptions
{
    /// <summary>Seconds without a token after which a stream sends a comment, so that proxies keep it open.</summary>
    [Range(1, 3_600)]
    public int StreamKeepAliveSeconds { get; init; } = 15;

    /// <summary>
    /// Seconds a turn of computing may take; from then on /health/live and /health/ready answer 503, so that whoever runs the service starts
    /// it anew. Turns take milliseconds: one that long never ends.
    /// </summary>
    [Range(1, 86_400)]
    public int StuckSeconds { get; init; } = 60;

    /// <summary>
    /// Seconds that running requests get to finish when the service is asked to stop; what is left then is answered with 503.
    /// </summary>
    [Range(0, 3_600)]
    public int DrainSeconds { get; init; } = 25;

    /// <summary>
    /// Seconds that the service goes on listening and answering after SIGTERM while <c>/health/ready</c> says 503, so that load balancers send
    /// requests elsewhere before it closes. Not after Ctrl-C, and not when it was not ready. 0: it closes at once.
    /// </summary>
    [Range(0, 600)]
    public int LingerSeconds { get; init; } = 5;

    /// <summary>
    /// Connections open at once; further ones are closed, counted and told in the log. 0: what the system's limit of open files leaves, 10000
    /// at most. More than the system allows: the service becomes unreachable once they are used up.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxConnections { get; init; }

    /// <summary>
    /// Port that answers <c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c> alone, without encryption; its connections do not count
    /// among <c>MaxConnections</c>, so that probes are answered when clients have taken all. 0: none.
    /// </summary>
    [Range(0, 65_535)]
    public int ProbePort { get; init; }

    /// <summary>Seconds an idle connection is kept open.</summary>
    [Range(1, 86_400)]
    public int IdleSeconds { get; init; } = 130;

    /// <summary>Seconds a client gets to send its request headers.</summary>
    [Range(1, 3_600)]
    public int HeadersSeconds { get; init; } = 30;

    /// <summary>Seconds a client gets to send the whole body of a request; then it is answered with 408 and its connection closed.</summary>
    [Range(1, 3_600)]
    public int BodySeconds { get; init; } = 30;

    /// <summary>Seconds a request waits for its model to be loaded, before it is answered with 503. 0: not at all.</summary>
    [Range(0, 3_600)]
    public int LoadWaitSeconds { get; init; } = 30;

    /// <summary>
    /// Origins whose pages may call the service from a browser, separated by commas (<c>http://localhost:5173</c>), or <c>*</c> for all.
    /// Empty: none.
    /// </summary>
    public string CorsOrigins { get; init; } = "";
}

/// <summary>What is answered beside the routes for texts; what is switched off is 404.</summary>
internal sealed record RouteSwitches
{
    /// <summary>Swagger UI and the OpenAPI document at <c>/swagger</c>.</summary>
    public bool Swagger { get; init; } = true;

    /// <summary><c>/metrics</c>. The port for probes answers it either way.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary><c>/models</c> and <c>/models/{name}</c>: what is served, what is not and why.</summary>
    public bool Models { get; init; } = true;

    /// <summary><c>/models/{name}/files/{file}</c> and <c>/models/{name}/onnx</c>: the models themselves.</summary>
    public bool Downloads { get; init; } = true;
}

/// <summary>What the service writes to its console.</summary>
internal sealed record LogOptions
{
    public const string Text = "text";
    public const string Json = "json";

    /// <summary>text for people, json for machines. Empty: text on a terminal, json where the output goes anywhere else.</summary>
    [AllowedValues("", Text, Json)]
    public string Format { get; init; } = "";
}
