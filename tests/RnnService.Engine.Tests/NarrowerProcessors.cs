using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using Xunit;

namespace RnnService.Engine.Tests;

/// <summary>
/// The proofs of kernels, cells and golden cases once more in processes of their own in which vector instructions are switched off, all or
/// the wider ones: what runs there is the code that a processor without them runs.
/// </summary>
public sealed partial class NarrowerProcessors
{
    private const int Wanted = 175; // so many at least: 65 of the golden cases, 24 of the cells, the kernels', and the guard below

    private const string None = "DOTNET_EnableHWIntrinsic", UpTo128 = "DOTNET_EnableAVX2", UpTo256 = "DOTNET_EnableAVX512";

    private static readonly string[] Proofs =
    [
        "RnnService.Engine.Tests.Kernels.*", "RnnService.Engine.Tests.Cells.*", "RnnService.Engine.Tests.Layers.GoldenCases",
        typeof(Guard).FullName!,
    ];

    [Theory]
    [InlineData(None)]
    [InlineData(UpTo128)]
    [InlineData(UpTo256)]
    public async Task Kernels_cells_and_golden_cases_pass_there_too(string off)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string host = Environment.ProcessPath!; // this assembly's own program, or dotnet with the assembly to run
        string[] assembly = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(NarrowerProcessors).Assembly.Location] : [];
        string[] classes = [.. Proofs.SelectMany(proof => (string[])["-class", proof])];
        var start = new ProcessStartInfo(host, [.. assembly, "-noColor", .. classes])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[off] = "0";
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            string report = await output + await errors;
            Match summary = Summary().Match(report);
            Assert.True(process.ExitCode == 0 && summary.Success, report);
            Assert.InRange(int.Parse(summary.Groups["total"].Value, CultureInfo.InvariantCulture), Wanted, 2 * Wanted);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    [GeneratedRegex(@"Total: (?<total>\d+), Errors: 0, Failed: 0, Skipped: 0, Not Run: 0")]
    private static partial Regex Summary();

    /// <summary>Bites in those processes: a switch without effect would prove nothing.</summary>
    public sealed class Guard
    {
        [Fact]
        public void Instructions_are_off_where_they_were_switched_off()
        {
            if (IsOff(UpTo256)) Assert.False(Vector512.IsHardwareAccelerated || Avx512F.IsSupported);
            if (IsOff(UpTo128)) Assert.False(Vector256.IsHardwareAccelerated || Fma.IsSupported);
            if (IsOff(None)) Assert.False(Vector128.IsHardwareAccelerated || Vector256.IsHardwareAccelerated || Fma.IsSupported);
        }

        private static bool IsOff(string name) => Environment.GetEnvironmentVariable(name) == "0";
    }
}
