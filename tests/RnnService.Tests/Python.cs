using System.ComponentModel;
using System.Diagnostics;

namespace RnnService.Tests;

/// <summary>Runs the Python of docs/examples.</summary>
internal static class Python
{
    /// <summary>What it prints, started in the folder of the examples; the test is skipped where there is no Python.</summary>
    public static string Run(string examples, params string[] args)
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, WorkingDirectory = examples };
        foreach (string option in (string[])["-B", "-X", "utf8", .. args]) start.ArgumentList.Add(option);
        try
        {
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Xunit.Assert.Equal(0, process.ExitCode);
            return output;
        }
        catch (Win32Exception)
        {
            Xunit.Assert.Skip("python3 is not installed");
            return "";
        }
    }
}
