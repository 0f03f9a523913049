using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>How sequences of numbers are answered as tensors.</summary>
internal sealed record NumberTensorParameters : ITensorParameters
{
    /// <inheritdoc/>
    public bool? BinaryDataOutput { get; init; }
}

/// <summary>What a model that reads numbers says, as its task is: labels with scores, numbers, or texts. Where each step has an answer, those after a sequence's end are 0.</summary>
internal sealed class NumberModelTensors(ServedNumbers served) : ModelTensors(served)
{
    public override IReadOnlyList<TensorMetadata> Inputs =>
        [new(NumberBytes.Values, Tensor.Float, Any, Any, served.Features), new(NumberBytes.Lengths, Tensor.Int, Any)];

    public override IReadOnlyList<string>? Labels => served is ServedForecaster ? null : served.NumberModel.Config.Labels;

    public override IReadOnlyList<TensorMetadata> Outputs => served switch
    {
        ServedNumberClassifier => [new("label", Tensor.Text, Any), new("scores", Tensor.Float, Any, served.NumberModel.Outputs)],
        ServedNumberTagger => [new("scores", Tensor.Float, Any, Any, served.NumberModel.Outputs)],
        ServedTranscriber => [new("text", Tensor.Text, Any)],
        ServedForecaster => [new("forecast", Tensor.Float, Any, served.NumberModel.Numbers.Horizon, served.Features)],
        _ => [new("values", Tensor.Float, served.NumberModel.Numbers.EachStep ? [Any, Any, served.NumberModel.Outputs] : [Any, served.NumberModel.Outputs])],
    };

    public override async Task<IResult> InferAsync(InferenceCall call, InferBody body)
    {
        var parameters = call.Parse<NumberTensorParameters>(body.Request.Parameters, "parameters");
        var outputs = new InferOutputs(Name, body.Request, parameters.BinaryDataOutput ?? false);
        outputs.Check(Outputs);
        NumberSequence[] sequences = body.Sequences ?? throw WrongInput(NumberBytes.Values);
        foreach (NumberSequence sequence in sequences) NumberQuestion.CheckFeatures(sequence, served, "inputs[0].shape");
        await call.HoldAnswerAsync(BytesOfAnswer(sequences));
        TextAnswers<float[]> found = await call.ComputeAsync(served.Batcher, () => sequences);
        float[][] answers = [.. ListAnswer.Of(found, "inputs[0].data", (one, _) => one).Select(Answered<float[]>)];
        return outputs.Answer(Tensors(answers, sequences.Max(sequence => sequence.Steps)));
    }

    private long BytesOfAnswer(NumberSequence[] sequences)
    {
        long rows = sequences.Length, numbers = rows * served.NumberModel.Outputs * InspectEndpoints.BytesOfNumber;
        return served switch
        {
            ServedTranscriber transcriber => NumberAnswers.BytesOfText(transcriber.Model, sequences.Sum(sequence => (long)sequence.Steps)),
            ServedNumberClassifier => rows * ClassifyEndpoints.BytesOfLabel + numbers,
            ServedNumberTagger or { NumberModel.Numbers.EachStep: true } => sequences.Max(sequence => sequence.Steps) * numbers,
            _ => numbers,
        };
    }

    private IReadOnlyList<Tensor> Tensors(float[][] answers, int steps)
    {
        int rows = answers.Length, width = served.NumberModel.Outputs;
        switch (served)
        {
            case ServedNumberClassifier classifier:
                float[][] scores = [.. answers.Select(logits => Classifier.Scores(logits, classifier.Model.Config))];
                return [Tensor.Of("label", [.. scores.Select(row => classifier.Model.Ranked(row)[0].Label)]), Tensor.Of("scores", [.. scores.SelectMany(row => row)], rows, width)];
            case ServedNumberTagger tagger:
                return [Tensor.Of("scores", Padded([.. answers.Select(tagger.Model.Scores)], steps * width), rows, steps, width)];
            case ServedTranscriber transcriber:
                return [Tensor.Of("text", [.. answers.Select(logits => transcriber.Model.Decode(logits).Text)])];
            case ServedForecaster forecaster:
                return [Tensor.Of("forecast", [.. answers.SelectMany(logits => forecaster.Model.Values(logits)[^width..])], rows, forecaster.Model.Horizon, served.Features)];
            default:
                float[][] values = [.. answers.Select(logits => ((ServedRegressor)served).Model.Values(logits))];
                return served.NumberModel.Numbers.EachStep
                    ? [Tensor.Of("values", Padded(values, steps * width), rows, steps, width)]
                    : [Tensor.Of("values", [.. values.SelectMany(row => row)], rows, width)];
        }
    }

    private static float[] Padded(float[][] rows, int length)
    {
        float[] all = new float[rows.Length * length];
        for (int row = 0; row < rows.Length; row++) rows[row].CopyTo(all, row * length);
        return all;
    }
}
