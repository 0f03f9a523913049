using RnnService.AspNetCore.Options;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>The names of the models that answer when a request names none.</summary>
/// <param name="names">As configured.</param>
/// <param name="mayBeMissing">
/// Whether a task's name need not be there, such as one that comes with the service: then the only model of the task answers in its place,
/// while a name that somebody asked for keeps its route.
/// </param>
internal sealed class DefaultModels(DefaultModelOptions names, Func<ModelTask, bool> mayBeMissing)
{
    /// <summary>All names that are set.</summary>
    public IReadOnlySet<string> Names { get; } = new HashSet<string>([names.Generate, names.Classify, names.Tag]);

    /// <summary>The name; empty where there is none.</summary>
    public string NameOf(ModelTask task) => NameIn(names, task);

    public bool MayBeMissing(ModelTask task) => mayBeMissing(task);

    public static string NameIn(DefaultModelOptions names, ModelTask task) => task switch
    {
        ModelTask.LanguageModel => names.Generate,
        ModelTask.Classifier => names.Classify,
        ModelTask.Tagger => names.Tag,
        _ => "", // the only one, or none
    };
}
