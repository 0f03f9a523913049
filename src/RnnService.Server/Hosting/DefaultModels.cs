using Microsoft.Extensions.Configuration.Json;
using RnnService.Engine.Models;

namespace RnnService.Server.Hosting;

/// <summary>The names of the models that answer when a request names none, and who says so.</summary>
/// <param name="names">As configured.</param>
/// <param name="isShipped">
/// Whether a name stands in the appsettings.json that comes with the service, and nowhere else: such a model may be missing from a folder
/// of one's own, while one that somebody asked for may not.
/// </param>
internal sealed class DefaultModels(DefaultModelOptions names, Func<ModelTask, bool> isShipped)
{
    private const string SettingsFile = "appsettings.json";

    /// <summary>What the appsettings.json that comes with the service says.</summary>
    public static DefaultModelOptions Shipped { get; } = new() { Generate = "shakespeare", Classify = "sentiment", Tag = "pos" };

    public static DefaultModels Read(IConfigurationRoot configuration, DefaultModelOptions names) => new(names, task =>
    {
        string? value = null;
        IConfigurationProvider? source = configuration.Providers.LastOrDefault(one => one.TryGet(OptionOf(task), out value));
        return value == NameIn(Shipped, task) && source is JsonConfigurationProvider { Source.Path: SettingsFile };
    });

    /// <summary>All names that are set.</summary>
    public IReadOnlySet<string> Names { get; } = new HashSet<string>([names.Generate, names.Classify, names.Tag]);

    /// <summary>The name; empty where there is none.</summary>
    public string NameOf(ModelTask task) => NameIn(names, task);

    public bool IsShipped(ModelTask task) => isShipped(task);

    /// <summary>The option that sets it.</summary>
    public static string OptionOf(ModelTask task) => $"{ServiceOptions.Section}:{nameof(ServiceOptions.Defaults)}:" + task switch
    {
        ModelTask.LanguageModel => nameof(DefaultModelOptions.Generate),
        ModelTask.Classifier => nameof(DefaultModelOptions.Classify),
        _ => nameof(DefaultModelOptions.Tag),
    };

    private static string NameIn(DefaultModelOptions names, ModelTask task) => task switch
    {
        ModelTask.LanguageModel => names.Generate,
        ModelTask.Classifier => names.Classify,
        _ => names.Tag,
    };
}
