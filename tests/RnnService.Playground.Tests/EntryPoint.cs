using RnnService.Playground.Tests.Figures;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace RnnService.Playground.Tests;

/// <summary>Runs the tests, or with the argument <c>figures</c> measures the page.</summary>
internal static class EntryPoint
{
    public static async Task<int> Main(string[] args) => args switch
    {
        ["figures"] => await PageFigures.RunAsync(),
        _ when args.Contains("--server") => await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => await ConsoleRunner.Run(args),
    };
}
