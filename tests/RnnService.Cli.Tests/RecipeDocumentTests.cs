using System.Text;
using System.Text.Json.Nodes;
using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Tests;

/// <summary>docs/recipe.md: its tables are made of what the code says, its example is a recipe.</summary>
public sealed class RecipeDocumentTests
{
    private const string Page = "docs/recipe.md";

    // A task at a small and a usual size.
    private static readonly (string Title, ModelTask Task, long Size)[] Sizes =
    [
        ("classifier, 600 texts", ModelTask.Classifier, 600),
        ("classifier, 6,000", ModelTask.Classifier, 6_000),
        ("classifier, 20,000", ModelTask.Classifier, 20_000),
        ("classifier, 2,000,000", ModelTask.Classifier, 2_000_000),
        ("tagger, 300 sentences", ModelTask.Tagger, 300),
        ("tagger, 10,000", ModelTask.Tagger, 10_000),
        ("language model, 100 kB", ModelTask.LanguageModel, 100_000),
        ("language model, 1 MB", ModelTask.LanguageModel, 1_000_000),
        ("language model, 30 MB", ModelTask.LanguageModel, 30_000_000),
        ("translator, 3,000 pairs", ModelTask.Translator, 3_000),
        ("translator, 100,000", ModelTask.Translator, 100_000),
    ];

    [Fact]
    public void The_table_of_settings_says_what_the_code_says() => Repository.CompareSection(Page, "settings", Settings());

    [Fact]
    public void The_table_of_tasks_says_what_the_code_says() => Repository.CompareSection(Page, "tasks", Tasks());

    [Fact]
    public void The_example_is_a_recipe()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, Page));
        using var folder = new ScratchFolder();
        string example = page.Split("```json\n")[1].Split("```")[0];
        Assert.Equal(ModelTask.Classifier, Recipe.Read(folder.Write("recipe.json", example)).Model.Task);
    }

    private static string Settings()
    {
        var table = new StringBuilder("| setting | default | expected | meaning |\n|---|---|---|---|\n");
        foreach (Setting setting in RecipeSettings.All)
        {
            string usual = setting.Default switch
            {
                null => "must be named",
                "null" => "–",
                "2147483647" => "no limit",
                string value => $"`{value}`",
            };
            table.Append($"| `{setting.Path}` | {usual} | {setting.Expected} | {setting.Meaning} |\n");
        }

        return table.ToString();
    }

    private static string Tasks()
    {
        CorpusSource[] corpora = [new() { Path = "corpus", Format = CorpusFormat.Labelled }];
        JsonNode[] recipes = [.. Sizes.Select(size => JsonNode.Parse(DefaultRecipes.For(size.Task, corpora, corpora, size.Size).ToJson())!)];
        var table = new StringBuilder($"| setting | {string.Join(" | ", Sizes.Select(size => size.Title))} |\n|---|{string.Concat(Sizes.Select(_ => "---|"))}\n");
        foreach (Setting setting in RecipeSettings.All.Where(setting => !setting.Path.Contains("[]", StringComparison.Ordinal)))
        {
            string?[] values = [.. recipes.Select(recipe => At(recipe, setting.Path))];
            if (setting.Path == "golden_input" || values.All(value => value is null || value == setting.Default)) continue;
            table.Append($"| `{setting.Path}` | {string.Join(" | ", values.Select(value => value is null ? "–" : value.Trim('"')))} |\n");
        }

        return table.ToString();
    }

    private static string? At(JsonNode recipe, string path)
    {
        JsonNode? node = recipe;
        foreach (string part in path.Split('.')) node = node?[part];
        return node?.ToJsonString();
    }
}
