namespace RnnService.Playground.Tests.Browser;

/// <summary>A tab as it looks once it has something to show.</summary>
/// <param name="Id">The tab's id.</param>
/// <param name="Title">What stands on it.</param>
/// <param name="Shown">Elements that are there only with an answer of the service.</param>
/// <param name="Button">What is pressed to get one; null where it comes by itself.</param>
/// <param name="Model">The model whose tab it is, where the tab is there only with a model of its kind.</param>
public sealed record TabView(string Id, string Title, string Shown, string? Button = null, string? Model = null)
{
    public static IReadOnlyList<TabView> All { get; } =
    [
        new("write", "Write", ".branch .token:nth-child(40)", "Write"),
        new("judge", "Judge", ".over-text .token"),
        new("tag", "Tag", ".tag-text .token"),
        new("translate", "Translate", ".targets .token", Model: TinyModels.Translator),
        new("music", "Music", ".notes svg", "Write a tune", TinyModels.Tunes),
        new("numbers", "Speech and numbers", ".steps li", Model: TinyModels.Phases),
        new("inside", "Look inside", ".heat-tokens span"),
        new("service", "Models and service", ".gauge [role=img]"),
    ];

    public static TabView Of(string id) => All.Single(view => view.Id == id);
}
