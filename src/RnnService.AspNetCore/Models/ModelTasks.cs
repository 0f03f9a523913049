using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore.Models;

/// <summary>Names of tasks.</summary>
internal static class ModelTasks
{
    private static readonly Dictionary<ModelTask, string> Names =
        Enum.GetValues<ModelTask>().ToDictionary(task => task, task => SnakeCase.Of(task));

    /// <summary>Number of tasks, for tables by task.</summary>
    public static int Count => Names.Count;

    /// <summary><c>language_model</c>, <c>classifier</c> or <c>tagger</c>.</summary>
    public static string NameOf(ModelTask task) => Names[task];
}
