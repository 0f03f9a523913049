using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Models;

/// <summary>A kind of model that a registry can be asked for.</summary>
internal interface IServedTask
{
    /// <summary>What models of this kind do.</summary>
    static abstract ModelTask Task { get; }
}

/// <summary>A loaded model and what computes with it.</summary>
internal abstract class ServedModel(string name, LoadedModel loaded)
{
    /// <summary>The name of its folder.</summary>
    public string Name { get; } = name;

    public LoadedModel Loaded { get; } = loaded;

    /// <summary>Its queue.</summary>
    public abstract ModelScheduler Scheduler { get; }
}

/// <summary>A classifier; its batcher answers token ids with logits.</summary>
internal sealed class ServedClassifier(string name, LoadedModel loaded, Classifier model, TextBatcher<int[], float[]> batcher)
    : ServedModel(name, loaded), IServedTask
{
    public static ModelTask Task => ModelTask.Classifier;

    public Classifier Model { get; } = model;

    public TextBatcher<int[], float[]> Batcher { get; } = batcher;

    public override ModelScheduler Scheduler => Batcher;
}

/// <summary>A tagger; its batcher answers a sentence with a label and its probability for each word.</summary>
internal sealed class ServedTagger(string name, LoadedModel loaded, Tagger model, TextBatcher<TaggerInput, TagScore[]> batcher)
    : ServedModel(name, loaded), IServedTask
{
    public static ModelTask Task => ModelTask.Tagger;

    public Tagger Model { get; } = model;

    public TextBatcher<TaggerInput, TagScore[]> Batcher { get; } = batcher;

    public override ModelScheduler Scheduler => Batcher;
}

/// <summary>A language model; its scheduler continues texts.</summary>
internal sealed class ServedLanguageModel(string name, LoadedModel loaded, LanguageModel model, GenerationScheduler generator)
    : ServedModel(name, loaded), IServedTask
{
    public static ModelTask Task => ModelTask.LanguageModel;

    public LanguageModel Model { get; } = model;

    public GenerationScheduler Generator { get; } = generator;

    public override ModelScheduler Scheduler => Generator;
}
