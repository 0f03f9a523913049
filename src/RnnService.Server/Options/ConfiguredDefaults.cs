using Microsoft.Extensions.Configuration.Json;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Models;

namespace RnnService.Server.Options;

/// <summary>
/// Where the names of the default models come from: one that stands in the appsettings.json that comes with the service, and nowhere else, may
/// be missing from a folder of one's own, while one that somebody asked for may not.
/// </summary>
internal static class ConfiguredDefaults
{
    private const string SettingsFile = "appsettings.json";

    /// <summary>What the appsettings.json that comes with the service says.</summary>
    public static DefaultModelOptions Shipped { get; } = new() { Generate = "shakespeare", Classify = "sentiment", Tag = "pos" };

    public static DefaultModels Read(IConfigurationRoot configuration, DefaultModelOptions names) => new(names, task =>
    {
        string? value = null;
        IConfigurationProvider? source = configuration.Providers.LastOrDefault(one => one.TryGet(OptionOf(task), out value));
        return value == DefaultModels.NameIn(Shipped, task) && source is JsonConfigurationProvider { Source.Path: SettingsFile };
    });

    /// <summary>The option that sets it.</summary>
    public static string OptionOf(ModelTask task) => $"{ServiceOptions.Section}:{nameof(ServiceOptions.Defaults)}:" + task switch
    {
        ModelTask.LanguageModel => nameof(DefaultModelOptions.Generate),
        ModelTask.Classifier => nameof(DefaultModelOptions.Classify),
        _ => nameof(DefaultModelOptions.Tag),
    };
}
