using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Runtime;

namespace RnnService.AspNetCore.Models;

/// <summary>Gives loaded models their queues.</summary>
internal sealed class ServedModelFactory(RnnModelsOptions options, SchedulingMetrics metrics, TimeProvider time, ComputeLoop loop)
{
    /// <summary>
    /// Cost of an explanation, some 25 words and 40 milliseconds of the shipped classifier, that may be made between the steps of another: a
    /// sentence should not wait for a page.
    /// </summary>
    private const int ShortExplanation = 3_072;

    /// <exception cref="ModelFolderException">The model does what this service does not know.</exception>
    public ServedModel Create(string name, LoadedModel loaded)
    {
        // ONNX Runtime computes in one piece.
        bool isAside = loaded.Model.Network.Backend == OnnxRuntimeNetwork.Name;
        TextBatcher<InspectionInput, Inspection>? inspector = loaded.Model is TextModel { CanInspect: true } text ? Batcher<InspectionInput, Inspection>(
            "inspect", (texts, betweenSteps) => text.Inspect([.. texts.Select(one => one.Text)], [.. texts.Select(one => one.Options)], betweenSteps),
            one => one.Cost, one => one.Text.Ids.Length) : null;
        return loaded.Model switch
        {
            LanguageModel model => new ServedLanguageModel(
                name, loaded, model, new GenerationScheduler(name, model, options.Batching, metrics, time, loop, isAside), inspector),
            Translator model => new ServedTranslator(
                name, loaded, model, new GenerationScheduler(name, model, options.Batching, metrics, time, loop, isAside)),
            Classifier model => new ServedClassifier(
                name, loaded, model, Batcher<int[], float[]>("classify", model.Logits, ids => ids.Length),
                model.CanInspect ? Batcher<int[], Explanation>("explain", model.Explain, ids => model.ExplanationCost(ids.Length), ids => ids.Length, ShortExplanation) : null, inspector),
            Tagger model => new ServedTagger(
                name, loaded, model, Batcher<TaggerInput, TagScore[]>("tag", model.Tag, sentence => sentence.Tokens), inspector),
            NumberClassifier model => new ServedNumberClassifier(Queues(model, "classify", isStepwise: false), model),
            NumberTagger model => new ServedNumberTagger(Queues(model, "tag", isStepwise: true), model),
            Regressor model => new ServedRegressor(Queues(model, "predict", model.Config.Numbers!.EachStep), model),
            Forecaster model => new ServedForecaster(Queues(model, "predict", isStepwise: true), model),
            Transcriber model => new ServedTranscriber(Queues(model, "transcribe", isStepwise: true), model),
            _ => throw new ModelFolderException($"config.json: task is {loaded.Model.Config.Task}; expected one that this service computes"),
        };

        NumberQueues Queues(NumberModel model, string kind, bool isStepwise) => new(
            name, loaded, Batcher<NumberSequence, float[]>(kind, model.Logits, sequence => sequence.Steps),
            model.IsCausal ? new NumberStreams(name, model.Network, model.Outputs, isStepwise, options.Batching, metrics, time, loop, isAside) : null);

        TextBatcher<TInput, TOutput> Batcher<TInput, TOutput>(string kind, TextComputation<TInput, TOutput> compute, Func<TInput, int> cost, Func<TInput, int>? tokens = null,
            int shortTurn = ModelScheduler.ShortTurnTokens) =>
            new(name, kind, compute, cost, options.Batching, metrics, time, loop, isAside, tokens, shortTurn);
    }
}
