namespace RnnService.Playground.Tests.Browser;

/// <summary>What a person does and sees that Playwright has no word for.</summary>
internal static class LocatorExtensions
{
    /// <summary>The colour an element stands on, as the browser computes it.</summary>
    public static Task<string> ColourAsync(this ILocator element) => element.EvaluateAsync<string>("element => getComputedStyle(element).backgroundColor");

    /// <summary>Drops a file of this text on an element.</summary>
    public static Task DropAsync(this ILocator element, string name, string text) => element.DropAsync(name, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Drops a file of these bytes on an element.</summary>
    public static async Task DropAsync(this ILocator element, string name, byte[] bytes)
    {
        IJSHandle data = await element.Page.EvaluateHandleAsync(
            "([name, bytes]) => { const data = new DataTransfer(); data.items.add(new File([Uint8Array.fromBase64(bytes)], name)); return data; }",
            new[] { name, Convert.ToBase64String(bytes) });
        foreach (string type in new[] { "dragenter", "dragover", "drop" }) await element.DispatchEventAsync(type, new { dataTransfer = data });
    }

    /// <summary>Goes on with the Tab key until an element has the focus.</summary>
    public static async Task TabToAsync(this ILocator element, string key = "Tab")
    {
        const int furthest = 80;
        for (int presses = 0; presses < furthest; presses++)
        {
            if (await element.EvaluateAsync<bool>("element => element === document.activeElement")) return;
            await element.Page.Keyboard.PressAsync(key);
        }

        Assert.Fail($"{furthest} presses of {key} do not reach {element}");
    }

    /// <summary>What the page has put into the clipboard, once it begins so.</summary>
    public static async Task<string> ClipboardAsync(this IPage page, string start)
    {
        IJSHandle text = await page.WaitForFunctionAsync(
            "start => navigator.clipboard.readText().then(text => text.startsWith(start) ? text : null)", start);
        return await text.JsonValueAsync<string>();
    }
}
