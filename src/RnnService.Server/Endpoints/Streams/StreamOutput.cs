using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>Makes messages of what a model says after each piece of a stream, as its task is. For one stream.</summary>
internal abstract class StreamOutput
{
    private StreamAnswer _last = new() { Steps = 0 };

    public static StreamOutput Of(ServedNumbers served) => served switch
    {
        ServedNumberClassifier classifier => new Labels(new LabelForm(classifier.Model.Config, null)),
        ServedNumberTagger tagger => new Tags(tagger.Model),
        ServedRegressor regressor => new Values(regressor.Model),
        ServedForecaster forecaster => new Forecasts(forecaster.Model),
        ServedTranscriber transcriber => new Text(transcriber),
        _ => throw new InvalidOperationException($"{served.GetType().Name} has no streams"),
    };

    /// <summary>The message after a piece; null where there is nothing new to be said.</summary>
    public StreamAnswer? Next(StreamedOutputs outputs)
    {
        long steps = outputs.First + outputs.Steps.Steps;
        StreamAnswer? answer = Read(outputs, new StreamAnswer { Steps = steps });
        _last = (answer ?? _last) with { Steps = steps };
        return answer;
    }

    /// <summary>The message after the last piece: where the stream stands in the end.</summary>
    public StreamAnswer Last() => Final(_last) with { Final = true };

    /// <summary>Completes a message.</summary>
    protected abstract StreamAnswer? Read(StreamedOutputs outputs, StreamAnswer answer);

    /// <summary>The last message without what was new in it.</summary>
    protected virtual StreamAnswer Final(StreamAnswer last) => last;

    private sealed class Labels(LabelForm form) : StreamOutput
    {
        protected override StreamAnswer Read(StreamedOutputs outputs, StreamAnswer answer) => answer with { Labels = form.Ranked(outputs.Outputs, default) };
    }

    private sealed class Tags(NumberTagger model) : StreamOutput
    {
        protected override StreamAnswer Read(StreamedOutputs outputs, StreamAnswer answer) =>
            answer with { Tags = NumberAnswers.Tags(model, outputs.Outputs, outputs.First, joins: false) };

        protected override StreamAnswer Final(StreamAnswer last) => last with { Tags = null };
    }

    private sealed class Values(Regressor model) : StreamOutput
    {
        protected override StreamAnswer Read(StreamedOutputs outputs, StreamAnswer answer) =>
            answer with { Values = NumberAnswers.Rows(model.Values(outputs.Outputs), model.Config.Labels.Count) };

        protected override StreamAnswer Final(StreamAnswer last) => model.Numbers.EachStep ? last with { Values = null } : last;
    }

    private sealed class Forecasts(Forecaster model) : StreamOutput
    {
        private readonly int _features = model.Numbers.Features, _horizon = model.Numbers.Horizon;
        private float[]? _expected; // of the step that comes next

        protected override StreamAnswer Read(StreamedOutputs outputs, StreamAnswer answer)
        {
            float[] forecasts = model.Values(outputs.Outputs); // [steps, horizon, features]
            float?[] errors = new float?[outputs.Steps.Steps];
            int width = _horizon * _features;
            for (int step = 0; step < errors.Length; step++)
            {
                errors[step] = _expected is { } expected ? Distance(outputs.Steps.Values.Span.Slice(step * _features, _features), expected) : null;
                _expected = forecasts[(step * width)..(step * width + _features)];
            }

            return answer with { Forecast = NumberAnswers.Rows(forecasts[^width..], _features), Errors = errors };
        }

        protected override StreamAnswer Final(StreamAnswer last) => last with { Errors = null };

        private static float Distance(ReadOnlySpan<float> found, ReadOnlySpan<float> expected)
        {
            double sum = 0;
            for (int i = 0; i < found.Length; i++) sum += Math.Pow(found[i] - (double)expected[i], 2);
            return (float)Math.Sqrt(sum / found.Length);
        }
    }

    private sealed class Text(ServedTranscriber served) : StreamOutput
    {
        private readonly TranscriptStream _heard = served.Model.NewStream();

        protected override StreamAnswer? Read(StreamedOutputs outputs, StreamAnswer answer)
        {
            IReadOnlyList<HeardSymbol> symbols = _heard.Push(outputs.Outputs);
            return symbols.Count == 0 ? null : answer with { Text = _heard.Text, Symbols = NumberAnswers.Symbols(symbols, served.Sound) };
        }

        protected override StreamAnswer Final(StreamAnswer last) => last with { Text = _heard.Text, Symbols = null };
    }
}
