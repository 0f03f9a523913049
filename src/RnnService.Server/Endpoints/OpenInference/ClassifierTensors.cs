using RnnService.AspNetCore.Models;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>How classified texts are answered as tensors.</summary>
internal sealed record ClassifierTensorParameters : ITensorParameters
{
    /// <inheritdoc/>
    public bool? BinaryDataOutput { get; init; }

    /// <inheritdoc cref="ClassifyParameters.FunctionToApply"/>
    [OneOf($"\"{ClassifyParameters.Softmax}\"", $"\"{ClassifyParameters.Sigmoid}\"", $"\"{ClassifyParameters.None}\"")]
    public string? FunctionToApply { get; init; }
}

/// <summary>Each text's best label, empty where none reaches its threshold, and the scores of all labels in the order of <see cref="ModelTensors.Labels"/>.</summary>
internal sealed class ClassifierTensors(ServedClassifier served, InspectionRules rules) : ModelTensors<ClassifierTensorParameters>(served)
{
    public override IReadOnlyList<string> Labels => served.Model.Labels;

    public override IReadOnlyList<TensorMetadata> Outputs =>
        [new("label", Tensor.Text, Any), new("scores", Tensor.Float, Any, Labels.Count)];

    protected override async Task<IReadOnlyList<Tensor>> ComputeAsync(InferenceCall call, string[] texts, ClassifierTensorParameters parameters)
    {
        object[] answers = await ClassifyEndpoints.AnswersAsync(call, served, new ClassifyRequest
        {
            Inputs = new Texts(texts, IsList: true),
            Parameters = new ClassifyParameters { FunctionToApply = parameters.FunctionToApply, Threshold = parameters.FunctionToApply == ClassifyParameters.None ? null : 0 },
        }, rules);
        Dictionary<string, int> places = Labels.Index().ToDictionary(label => label.Item, label => label.Index);
        string[] best = new string[texts.Length];
        float[] scores = new float[texts.Length * Labels.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            LabelScore[] ranked = Answered<LabelScore[]>(answers[i], i);
            LabelScore first = ranked[0];
            best[i] = parameters.FunctionToApply is null && first.Score < served.Model.Config.ThresholdOf(places[first.Label]) ? "" : first.Label;
            foreach (LabelScore label in ranked) scores[i * Labels.Count + places[label.Label]] = label.Score;
        }

        return [Tensor.Of("label", best), Tensor.Of("scores", scores, texts.Length, Labels.Count)];
    }
}
