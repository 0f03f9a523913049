using System.ComponentModel.DataAnnotations;

namespace RnnService.Server.Options;

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

    /// <summary>
    /// Most characters of a session's state that a request resumes; a longer one is answered with 422. A state has about eleven for each unit of each
    /// LSTM layer, half of that for other cells.
    /// </summary>
    [Range(1_000, 100_000_000)]
    public int MaxStateLength { get; init; } = 400_000;

    /// <summary>Most texts, or sequences of numbers, in one request; a longer list is answered with 422.</summary>
    [Range(1, 100_000)]
    public int MaxListLength { get; init; } = 64;

    /// <summary>Most tokens one request may generate.</summary>
    [Range(1, 100_000_000)]
    public int MaxNewTokens { get; init; } = 4_000;

    /// <summary>
    /// Most tokens of the texts of one request, all together, one that is continued n times as n of them; more are answered with 422. At least those of one
    /// text of the greatest length. Of sequences of numbers, most steps.
    /// </summary>
    [Range(1, 100_000_000)]
    public int MaxRequestTokens { get; init; } = 32_768;

    /// <summary>Most seconds of a sound that is sent as a file; a longer one is answered with 422. A stream may last as long as it likes.</summary>
    [Range(1, 86_400)]
    public int MaxSoundSeconds { get; init; } = 300;

    /// <summary>Most bytes of a message in JSON of a stream of numbers; a larger one ends the stream with 413.</summary>
    [Range(1_000, 100_000_000)]
    public int MaxStreamMessageBytes { get; init; } = 262_144;

    /// <summary>Most texts that one request of OpenAI's dialect generates: its prompts times <c>n</c>, or times <c>best_of</c>.</summary>
    [Range(1, 1_000)]
    public int MaxChoices { get; init; } = 32;

    /// <summary>Most stop strings of one request.</summary>
    [Range(0, 1_000)]
    public int MaxStopStrings { get; init; } = 4;

    /// <summary>Most characters of one stop string.</summary>
    [Range(1, 10_000)]
    public int MaxStopLength { get; init; } = 100;

    /// <summary>Most alternatives reported with each generated token.</summary>
    [Range(0, 1_000)]
    public int MaxTopNTokens { get; init; } = 10;

    /// <summary>Most other labels reported with each tagged word or span.</summary>
    [Range(0, 1_000)]
    public int MaxAlternatives { get; init; } = 10;

    /// <summary>
    /// Most tokens of one request whose classifications are explained, all its texts together; more are answered with 422. Explaining a text costs
    /// as much as classifying a hundred of its length; where the model reads from the end too, more with the square of the length.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxExplainTokens { get; init; } = 512;

    /// <summary>Most units of a layer that one request looks at.</summary>
    [Range(1, 8_192)]
    public int MaxActivationUnits { get; init; } = 64;

    /// <summary>Most tokens over which one request looks at units, the generated ones among them; more are answered with 422.</summary>
    [Range(1, 1_000_000)]
    public int MaxActivationSteps { get; init; } = 1_000;

    /// <summary>
    /// Megabytes of ONNX files made for <c>/models/{name}/onnx</c> that are kept in the system's folder for temporary files. What does not fit
    /// is made anew for every download, which takes seconds.
    /// </summary>
    [Range(0, 1_000_000)]
    public int KeptOnnxMegabytes { get; init; } = 256;
}
