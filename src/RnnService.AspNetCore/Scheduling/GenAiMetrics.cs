using System.Diagnostics;
using System.Diagnostics.Metrics;
using RnnService.AspNetCore.Diagnostics;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// Texts that are continued, measured once more under the names and with the buckets of OpenTelemetry's semantic conventions for generative
/// models, for dashboards that know those. Thread-safe.
/// </summary>
internal sealed class GenAiMetrics(Meter meter)
{
    private readonly Histogram<long> _tokens = meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens of a text: of its prompt, and generated.", advice: Buckets<long>(
            [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]));

    private readonly Histogram<double> _duration = meter.CreateHistogram(
        "gen_ai.server.request.duration", "s", "From being handed in to the last token.", advice: Buckets<double>(
            [.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]));

    private readonly Histogram<double> _firstToken = meter.CreateHistogram(
        "gen_ai.server.time_to_first_token", "s", "From being handed in to the first token.", advice: Buckets<double>(
            [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10]));

    private readonly Histogram<double> _perToken = meter.CreateHistogram(
        "gen_ai.server.time_per_output_token", "s", "Time of each token after the first, on average over a text.", advice: Buckets<double>(
            [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5]));

    /// <summary>A text has ended with its last token.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="input">Tokens of the prompt.</param>
    /// <param name="output">Tokens generated.</param>
    /// <param name="took">From being handed in to the last token.</param>
    /// <param name="first">From being handed in to the first token; of no meaning without any.</param>
    public void Completed(string model, int input, int output, TimeSpan took, TimeSpan first)
    {
        TagList tags = Tags(model);
        _duration.Record(took.TotalSeconds, tags);
        if (output > 0) _firstToken.Record(first.TotalSeconds, tags);
        if (output > 1) _perToken.Record((took - first).TotalSeconds / (output - 1), tags);
        tags.Add(GenAi.TokenType, "input");
        _tokens.Record(input, tags);
        tags[^1] = new(GenAi.TokenType, "output");
        _tokens.Record(output, tags);
    }

    /// <summary>A text has ended without its last token.</summary>
    public void Failed(string model, TimeSpan took, Exception fault)
    {
        TagList tags = Tags(model);
        tags.Add(GenAi.ErrorType, fault.GetType().Name);
        _duration.Record(took.TotalSeconds, tags);
    }

    private static InstrumentAdvice<T> Buckets<T>(T[] boundaries) where T : struct => new() { HistogramBucketBoundaries = boundaries };

    private static TagList Tags(string model) => new()
    {
        { GenAi.Operation, GenAi.OperationOf(GenerationScheduler.Kind) },
        { GenAi.Provider, GenAi.Service },
        { GenAi.RequestModel, model },
    };
}
