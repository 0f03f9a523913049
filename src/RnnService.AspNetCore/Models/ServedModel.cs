using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Models;

/// <summary>A kind of model that a registry can be asked for.</summary>
internal interface IServedTask
{
    /// <summary>What models of this kind do.</summary>
    static abstract ModelTask Task { get; }

    /// <summary>Whether they read numbers, and not texts.</summary>
    static virtual bool ReadsNumbers => false;
}

/// <summary>A loaded model and what computes with it.</summary>
/// <param name="name">The name of its folder.</param>
/// <param name="loaded">The model.</param>
/// <param name="inspector">See <see cref="Inspector"/>.</param>
internal abstract class ServedModel(string name, LoadedModel loaded, TextBatcher<InspectionInput, Inspection>? inspector)
{
    /// <summary>The name of its folder.</summary>
    public string Name { get; } = name;

    public LoadedModel Loaded { get; } = loaded;

    /// <summary>Answers texts with what the network does while it reads them; null where it cannot be looked into.</summary>
    public TextBatcher<InspectionInput, Inspection>? Inspector { get; } = inspector;

    /// <summary>Who has the model in hand: it is let go of when nobody has any more.</summary>
    public UseCount Uses { get; } = new();

    /// <summary>Its queues.</summary>
    public IEnumerable<ModelScheduler> Schedulers => new ModelScheduler?[] { Answers, Explains, Live, Inspector }.OfType<ModelScheduler>();

    /// <summary>The queue of what the model is for.</summary>
    protected abstract ModelScheduler Answers { get; }

    /// <summary>The queue of what explains those answers, where there is one.</summary>
    protected virtual ModelScheduler? Explains => null;

    /// <summary>The queue of what is read while it comes, where there is one.</summary>
    protected virtual ModelScheduler? Live => null;
}

/// <summary>A classifier; its batcher answers token ids with logits, its explainer with why; null where its network cannot be looked into.</summary>
internal sealed class ServedClassifier(
    string name, LoadedModel loaded, Classifier model, TextBatcher<int[], float[]> batcher, TextBatcher<int[], Explanation>? explainer,
    TextBatcher<InspectionInput, Inspection>? inspector) : ServedModel(name, loaded, inspector), IServedTask
{
    public static ModelTask Task => ModelTask.Classifier;

    public Classifier Model { get; } = model;

    public TextBatcher<int[], float[]> Batcher { get; } = batcher;

    public TextBatcher<int[], Explanation>? Explainer { get; } = explainer;

    protected override ModelScheduler Answers => Batcher;

    protected override ModelScheduler? Explains => Explainer;
}

/// <summary>A tagger; its batcher answers a sentence with a label and its probability for each word.</summary>
internal sealed class ServedTagger(
    string name, LoadedModel loaded, Tagger model, TextBatcher<TaggerInput, TagScore[]> batcher, TextBatcher<InspectionInput, Inspection>? inspector)
    : ServedModel(name, loaded, inspector), IServedTask
{
    public static ModelTask Task => ModelTask.Tagger;

    public Tagger Model { get; } = model;

    public TextBatcher<TaggerInput, TagScore[]> Batcher { get; } = batcher;

    protected override ModelScheduler Answers => Batcher;
}

/// <summary>What writes texts, by a scheduler in which they grow together.</summary>
internal abstract class ServedGenerator(
    string name, LoadedModel loaded, GenerativeModel model, GenerationScheduler generator, TextBatcher<InspectionInput, Inspection>? inspector)
    : ServedModel(name, loaded, inspector)
{
    public GenerativeModel Model { get; } = model;

    public GenerationScheduler Generator { get; } = generator;

    protected override ModelScheduler Answers => Generator;
}

/// <summary>A language model; its scheduler continues texts.</summary>
internal sealed class ServedLanguageModel(
    string name, LoadedModel loaded, LanguageModel model, GenerationScheduler generator, TextBatcher<InspectionInput, Inspection>? inspector)
    : ServedGenerator(name, loaded, model, generator, inspector), IServedTask
{
    public static ModelTask Task => ModelTask.LanguageModel;

    public new LanguageModel Model { get; } = model;
}

/// <summary>A translator; its scheduler writes what sources become. It tells where it looked with each text, and nothing else of its inside.</summary>
internal sealed class ServedTranslator(string name, LoadedModel loaded, Translator model, GenerationScheduler generator)
    : ServedGenerator(name, loaded, model, generator, inspector: null), IServedTask
{
    public static ModelTask Task => ModelTask.Translator;
}
