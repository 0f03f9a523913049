using System.ComponentModel.DataAnnotations;

namespace RnnService.AspNetCore.Options;

/// <summary>How requests share the processor.</summary>
public sealed record BatchingOptions
{
    /// <summary>Requests that may wait for one model; one more is refused (over HTTP 429). Longer: fewer refusals, longer waits.</summary>
    [Range(1, 100_000)]
    public int QueueLength { get; set; } = 1_024;

    /// <summary>
    /// Tokens that the requests waiting for one model may hold together; more are refused (over HTTP 429). Larger: fewer refusals, longer waits,
    /// more memory (some 100 bytes a token).
    /// </summary>
    [Range(1, 1_000_000_000)]
    public int QueueTokens { get; set; } = 262_144;

    /// <summary>Seconds a request may wait until it is begun; then it is refused (over HTTP 503).</summary>
    [Range(1, 3_600)]
    public int QueueSeconds { get; set; } = 30;

    /// <summary>
    /// Texts one language model continues together; further ones wait in the queue. More: higher throughput, slower single streams.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxStreams { get; set; } = 1_024;

    /// <summary>
    /// Streams of numbers that may be open at one model, whether they send or not; one more is refused (over HTTP 429). Each takes a state of some
    /// kilobytes beside its connection.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxLiveStreams { get; set; } = 4_096;

    /// <summary>Of them, streams of one client; one more is refused (over HTTP 429).</summary>
    [Range(1, 1_000_000)]
    public int MaxLiveStreamsOfClient { get; set; } = 2_048;

    /// <summary>
    /// Tokens of a batch of texts, or steps of sequences of numbers, all together. A longer text is computed alone. Larger: higher throughput, longer waits for short texts.
    /// </summary>
    [Range(1, 10_000_000)]
    public int BatchTokens { get; set; } = 4_096;

    /// <summary>
    /// Prompt tokens a stream reads in one step while it is alone; beside others it reads as many as at most double their step. Larger:
    /// earlier first tokens, later leaving.
    /// </summary>
    [Range(1, 100_000)]
    public int PromptChunk { get; set; } = 64;

    /// <summary>
    /// Megabytes of states that each language model keeps of the beginnings of prompts, so that prompts that begin alike are read once; 0: none.
    /// Larger: more of them; a prompt of 20,000 characters takes about half a megabyte with two layers of 512.
    /// </summary>
    [Range(0, 1_000_000)]
    public int PrefixCacheMegabytes { get; set; } = 32;

    /// <summary>
    /// Whether callers with different keys find each other's beginnings. Who guesses the beginning of another's prompt could then tell from the time to
    /// the first token that it was sent.
    /// </summary>
    public bool PrefixCacheShared { get; set; }

    /// <summary>
    /// Generated tokens a streaming client may leave unread before its stream pauses and gives its place to another, so that slow readers cost
    /// neither memory nor computing.
    /// </summary>
    [Range(1, 1_000_000)]
    public int StreamBuffer { get; set; } = 256;

    /// <summary>Seconds a paused stream is kept whose client reads nothing; then the stream is ended (over HTTP its connection is cut).</summary>
    [Range(1, 86_400)]
    public int UnreadSeconds { get; set; } = 60;

    /// <summary>
    /// Seconds that ONNX Runtime may compute one batch of a model.onnx; it is ended then, and the text refused (over HTTP 422). Longer: longer
    /// texts of slow graphs, longer waits of others for the same model.
    /// </summary>
    [Range(1, 3_600)]
    public int OnnxRunSeconds { get; set; } = 10;
}
