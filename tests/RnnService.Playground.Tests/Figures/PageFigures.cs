using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;

namespace RnnService.Playground.Tests.Figures;

/// <summary>
/// What the page takes, measured on this machine: <c>dotnet run -c Release --project tests/RnnService.Playground.Tests -- figures</c>.
/// </summary>
internal static class PageFigures
{
    private const int Openings = 20, Warming = 20, MillisecondsAKey = 120, CharactersRead = 12, CharactersWritten = 8;

    /// <summary>Two hundred keys, which the model has not read in this order, after some that warm the service.</summary>
    private const string Typed = "MARGARET:\nThe night is long, and we "
        + "have far to go before the lanterns of the town are seen. Come, give me thy cold hand, good sir; I know a road that runs beside the river, where no soldier "
        + "of the duke will look for us.";

    /// <summary>Notes when a key went in and when its suggestion stood in the page.</summary>
    private const string Watch = """
        () => {
            self.shown = [];
            let typed = 0;
            document.querySelector('textarea').addEventListener('input', event => typed = event.timeStamp, { capture: true });
            new MutationObserver(() => {
                if (typed && document.querySelector('.ghost').textContent !== '') {
                    self.shown.push(performance.now() - typed);
                    typed = 0;
                }
            }).observe(document.querySelector('.ghost'), { childList: true, characterData: true, subtree: true });
            performance.setResourceTimingBufferSize(10000);
        }
        """;

    public static async Task<int> RunAsync()
    {
        using var service = new ShippedService();
        await using var browser = new Chromium();
        await browser.InitializeAsync();
        await service.StartAsync();
        Write("first paint", "ms", await FirstPaintsAsync(browser, service.Url));
        Write("a request that computes nothing, from the request to its answer", "ms", await EmptyRequestsAsync(browser, service.Url));
        Write("suggestion, from the request to its answer, for a program on the same connection", "ms", await ProgramsRequestsAsync(service.Url));
        (double[] answered, double[] shown) = await SuggestionsAsync(browser, service.Url);
        Write("suggestion, from the request to its answer", "ms", answered);
        Write("suggestion, from the key until it stands in the page", "ms", shown);
        return 0;
    }

    private static async Task<double[]> FirstPaintsAsync(Chromium browser, string url)
    {
        var paints = new double[Openings];
        for (int i = 0; i < Openings; i++)
        {
            IBrowserContext window = await browser.NewContextAsync(new());
            IPage page = await window.NewPageAsync();
            await page.GotoAsync(url + "/");
            IJSHandle paint = await page.WaitForFunctionAsync("performance.getEntriesByName('first-contentful-paint')[0]?.startTime");
            paints[i] = await paint.JsonValueAsync<double>();
            await window.CloseAsync();
        }

        return paints;
    }

    /// <summary>What the browser and the way to the service take by themselves.</summary>
    private static async Task<double[]> EmptyRequestsAsync(Chromium browser, string url)
    {
        IBrowserContext window = await browser.NewContextAsync(new());
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(url + "/#tag");
        var times = new double[200];
        for (int i = 0; i < times.Length; i++)
        {
            await Task.Delay(MillisecondsAKey);
            times[i] = await page.EvaluateAsync<double>(
                "async () => { const start = performance.now(); await (await fetch('health/live', { cache: 'no-store' })).text(); return performance.now() - start; }");
        }

        await window.CloseAsync();
        return times;
    }

    /// <summary>What the page asks for after each key, without a browser.</summary>
    private static async Task<double[]> ProgramsRequestsAsync(string url)
    {
        using var client = new HttpClient();
        var times = new List<double>();
        for (int typed = 1; typed <= Typed.Length; typed++)
        {
            await Task.Delay(MillisecondsAKey);
            string read = Typed[Math.Max(0, typed - CharactersRead)..typed];
            var body = new { inputs = read, parameters = new { max_new_tokens = CharactersWritten, do_sample = false } };
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await client.PostAsJsonAsync(url + "/generate", body);
            await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
            if (typed > Warming) times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. times];
    }

    private static async Task<(double[] Answered, double[] Shown)> SuggestionsAsync(Chromium browser, string url)
    {
        IBrowserContext window = await browser.NewContextAsync(new());
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(url + "/#write");
        await page.GetByLabel("Suggest while I type").CheckAsync();
        ILocator area = page.Locator("textarea").First;
        await area.FillAsync("");
        await area.PressSequentiallyAsync(Typed[..Warming], new() { Delay = MillisecondsAKey });
        await page.EvaluateAsync(Watch);
        await page.EvaluateAsync("performance.clearResourceTimings()");
        await area.PressSequentiallyAsync(Typed[Warming..], new() { Delay = MillisecondsAKey });
        double[] answered = await page.EvaluateAsync<double[]>(
            "performance.getEntriesByType('resource').filter(call => call.name.endsWith('/generate') && call.responseEnd > 0).map(call => call.responseEnd - call.startTime)");
        return (answered, await page.EvaluateAsync<double[]>("self.shown"));
    }

    private static void Write(string what, string unit, double[] values)
    {
        Array.Sort(values);
        string At(double share) => values[(int)Math.Ceiling(share * values.Length) - 1].ToString("F1", CultureInfo.InvariantCulture);
        Console.WriteLine($"{what}: median {At(0.5)} {unit}, p95 {At(0.95)} {unit}, most {At(1)} {unit}, of {values.Length}");
    }
}
