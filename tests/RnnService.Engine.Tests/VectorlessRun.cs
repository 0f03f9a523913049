using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using Xunit;

namespace RnnService.Engine.Tests;

/// <summary>
/// The proofs of kernels, cells and golden cases once more in a process of their own whose vector instructions are switched off: what
/// runs there is the code that a processor without them runs.
/// </summary>
public sealed partial class VectorlessRun
{
    private const int Wanted = 175; // so many at least: 65 of the golden cases, 24 of the cells, the kernels', and the guard below

    private const string Switch = "DOTNET_EnableHWIntrinsic";

    private static readonly string[] Proofs =
    [
        "RnnService.Engine.Tests.Kernels.*", "RnnService.Engine.Tests.Cells.*", "RnnService.Engine.Tests.Layers.GoldenCases",
        typeof(Guard).FullName!,
    ];

    [Fact]
    public async Task Kernels_cells_and_golden_cases_pass_without_vector_instructions()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string host = Environment.ProcessPath!; // this assembly's own program, or dotnet with the assembly to run
        string[] assembly = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(VectorlessRun).Assembly.Location] : [];
        string[] classes = [.. Proofs.SelectMany(proof => (string[])["-class", proof])];
        var start = new ProcessStartInfo(host, [.. assembly, "-noColor", .. classes])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Switch] = "0";
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

    /// <summary>Bites in that process: a switch without effect would prove nothing.</summary>
    public sealed class Guard
    {
        [Fact]
        public void Vector_instructions_are_off_where_they_were_switched_off()
        {
            bool switchedOff = Environment.GetEnvironmentVariable(Switch) == "0";
            Assert.False(switchedOff && (Vector256.IsHardwareAccelerated || Vector128.IsHardwareAccelerated || Fma.IsSupported));
        }
    }
}
