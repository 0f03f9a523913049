using RnnService.Engine.Models;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>Chooses the texts that a model's folder offers to whoever tries it first.</summary>
internal static class ExampleTexts
{
    private const int FewestCharacters = 12, MostCharacters = 160;

    /// <summary>
    /// The configuration with <see cref="DataSettings.Examples"/> short texts of the validation part, of different labels as far as they go;
    /// as it is where it has examples.
    /// </summary>
    /// <param name="config">The configuration.</param>
    /// <param name="data">How many.</param>
    /// <param name="valid">The texts with what they should differ in.</param>
    public static ModelConfig Complete(ModelConfig config, DataSettings data, IEnumerable<(string Label, string Text)> valid)
    {
        if (config.Examples.Count > 0 || data.Examples == 0) return config;
        var byLabel = valid.Where(one => one.Text.Length is >= FewestCharacters and <= MostCharacters && !one.Text.Any(char.IsControl))
            .DistinctBy(one => one.Text).GroupBy(one => one.Label, one => one.Text);
        return config with
        {
            Examples = [.. byLabel.SelectMany(texts => texts.Take(data.Examples).Select((text, round) => (text, round)))
                .OrderBy(one => one.round).Take(data.Examples).Select(one => one.text)],
        };
    }
}
