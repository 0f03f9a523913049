using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;

namespace RnnService.Playground.Tests.Access;

/// <summary>axe-core finds nothing on any tab, in either theme, on a laptop and on a phone: WCAG 2.2 A and AA, and its own best practices.</summary>
public sealed class AxeTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    private static readonly AxeRunOptions Rules = new()
    {
        RunOnly = new() { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    };

    public static TheoryData<string, int, ColorScheme> Views => new(
        from view in TabView.All
        from width in new[] { 1280, 390 }
        from theme in new[] { ColorScheme.Light, ColorScheme.Dark }
        select (view.Id, width, theme));

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_tab_and_all_that_opens_in_it_have_no_violation(string tab, int width, ColorScheme theme)
    {
        await NewWindowAsync(width, theme: theme);
        await ShowAsync(TabView.Of(tab));
        await UnfoldAsync();
        ILocator token = Panel.Locator(".token[tabindex]").First;
        if (await token.CountAsync() > 0)
        {
            await token.FocusAsync();
            await Page.Keyboard.PressAsync("Enter");
            await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        }

        await ExpectNoViolationAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task A_problem_has_no_violation(ColorScheme theme)
    {
        await NewWindowAsync(theme: theme);
        Watch.FailedAnswersAreExpected = true;
        await ShowAsync(TabView.Of("judge"));
        await Page.RouteAsync("**/classify", route => route.RefuseAsync(500, "internal", "something went wrong"));
        await TextBox("Text").FillAsync("A lovely film.");
        await Expect(Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await ExpectNoViolationAsync();
    }

    private async Task UnfoldAsync()
    {
        await Page.EvaluateAsync("document.querySelectorAll('[role=tabpanel]:not([hidden]) details, footer details').forEach(details => details.open = true)");
        await Expect(Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
    }

    private async Task ExpectNoViolationAsync()
    {
        AxeResult found = await Page.RunAxe(Rules);
        Assert.True(found.Passes.Length > 0);
        Assert.True(found.Violations.Length == 0, string.Join('\n', found.Violations.Select(violation =>
            $"{violation.Id}: {violation.Help}\n" + string.Concat(violation.Nodes.Take(4).Select(node =>
                $"    {node.Html}\n        {string.Join("; ", node.Any.Concat(node.All).Concat(node.None).Select(check => check.Message))}\n")))));
    }
}
