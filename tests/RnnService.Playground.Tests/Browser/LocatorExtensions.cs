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

    /// <summary>What the page has put into the clipboard, once it begins so; what is there after ten seconds otherwise.</summary>
    public static Task<string> ClipboardAsync(this IPage page, string start) =>
        // A loop within the page: waiting for a function takes a promise for an answer, whatever it comes to.
        page.EvaluateAsync<string>(
            """
            async start => {
                const end = performance.now() + 10000;
                for (;;) {
                    const text = await navigator.clipboard.readText();
                    if (text.startsWith(start) || performance.now() > end) return text;
                    await new Promise(requestAnimationFrame);
                }
            }
            """, start);
}
