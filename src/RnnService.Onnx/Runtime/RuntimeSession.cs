using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// A graph that ONNX Runtime has loaded. It computes on the thread that calls and says nothing to the console. What all graphs of the
/// process take while they compute stays below <see cref="MostBytes"/>: one that asks for more fails, and nothing else does. Safe for any
/// number of threads.
/// </summary>
internal sealed partial class RuntimeSession : IDisposable
{
    private const uint MostBytes = 1u << 30;

    /// <summary>Options of runs that nobody ends.</summary>
    public static readonly RunOptions Usual = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };

    private readonly InferenceSession _session;

    static RuntimeSession()
    {
        OrtEnv environment = OrtEnv.Instance();
        environment.EnvLogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
        environment.DisableTelemetryEvents();
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        const int asRequested = 1, usual = -1; // the other way to grow is by powers of two
        using var bounds = new OrtArenaCfg(MostBytes, asRequested, usual, usual);
        environment.CreateAndRegisterAllocator(memory, bounds);
    }

    /// <summary>Loads a graph.</summary>
    /// <param name="file">The file; ONNX Runtime gets what was read from it, so nothing that was not checked.</param>
    /// <param name="limit">Ends loading.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses it.</exception>
    public RuntimeSession(OnnxFile file, CancellationToken limit)
    {
        using var options = new SessionOptions
        {
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            // More threads would take the service's cores from its other models; a step of these networks is too small to share.
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            // Optimizing would compute constants, and out of the bounded memory: a hostile file of a few bytes may hold a huge one.
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
        // Weights do not count against the bound: they are no larger than their file.
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
        using CancellationTokenRegistration stop = limit.Register(() => options.SetLoadCancellationFlag(true));
        _session = new InferenceSession(file.Model.ToByteArray(), options);
    }

    /// <summary>Computes outputs, by name.</summary>
    /// <exception cref="OnnxRuntimeException">An operator fails.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(
        RunOptions options, IReadOnlyCollection<string> names, IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<string> outputs) =>
        _session.Run(options, names, inputs, outputs);

    public void Dispose() => _session.Dispose();

    /// <summary>What ONNX Runtime says, in one line: which node and why, without the places in its own source.</summary>
    public static string Sentence(OnnxRuntimeException error)
    {
        const int longest = 300;
        string[] lines = error.Message.Split('\n');
        // "Got invalid dimensions for input: ids for the following indices", and the indices below.
        string line = lines.Length > 1 && lines[0].TrimEnd().EndsWith("indices", StringComparison.Ordinal) ? $"{lines[0].TrimEnd()}: {lines[1].Trim()}" : lines[0];
        if (Failure().Match(line) is { Success: true } failure)
        {
            string name = failure.Groups["name"].Value;
            line = $"node {(name.Length > 0 ? $"\"{name}\" " : "")}({failure.Groups["op"].Value}): {Plain(failure.Groups["said"].Value)}";
        }
        else
        {
            line = Plain(Code().Replace(line, ""));
        }

        line = string.Concat(line.Select(character => char.IsControl(character) ? '?' : character)).Trim().TrimEnd('.', ':');
        return line.Length <= longest ? line : line[..longest] + "…";
    }

    // "/path/file.cc:12 signature(arguments) condition was false. What it says", sometimes twice.
    private static string Plain(string said)
    {
        said = Source().Replace(said, "");
        said = Condition().Replace(said, "");
        return Request().Replace(said, "").Trim();
    }

    [GeneratedRegex(@"while running (?<op>\w+) node\. Name:'(?<name>[^']*)'( Status Message:)? ?(?<said>.*)")]
    private static partial Regex Failure();

    [GeneratedRegex(@"^\[ErrorCode:[^\]]*\]\s*")]
    private static partial Regex Code();

    [GeneratedRegex(@"(Exception during initialization: )?\S*/\S+\.(cc|cpp|h|hpp):\d+ .*?\)( const)?( \[.*?\])? ")]
    private static partial Regex Source();

    [GeneratedRegex(@"^[^.]*? was false\. ?")]
    private static partial Regex Condition();

    [GeneratedRegex(@" If you need support.*$")]
    private static partial Regex Request();
}
