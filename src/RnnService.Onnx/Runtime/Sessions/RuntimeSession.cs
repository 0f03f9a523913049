using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RnnService.Onnx.Format;

namespace RnnService.Onnx.Runtime.Sessions;

/// <summary>
/// A graph that ONNX Runtime has loaded. It computes on the thread that calls and says nothing to the console. What all graphs of the
/// process take while they compute stays below <see cref="MostBytes"/>: one that asks for more fails, and nothing else does. Safe for any
/// number of threads.
/// </summary>
internal sealed partial class RuntimeSession : IDisposable
{
    private const uint MostBytes = 1u << 30;

    // Native code that still computes while the process takes itself down aborts it: runs are ended before, and waited for.
    private static readonly CancellationTokenSource Exit = new();
    private static readonly object Gate = new();
    private static int _allRuns;

    private readonly InferenceSession _session;
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(Exit.Token);
    private int _runs;

    static RuntimeSession()
    {
        OrtEnv environment = OrtEnv.Instance();
        environment.EnvLogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
        environment.DisableTelemetryEvents();
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        const int asRequested = 1, usual = -1; // the other way to grow is by powers of two
        using var bounds = new OrtArenaCfg(MostBytes, asRequested, usual, usual);
        environment.CreateAndRegisterAllocator(memory, bounds);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();
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
    /// <exception cref="RunEndedException">It took longer than it may, or the session is disposed of.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(
        RunLimit limit, IReadOnlyCollection<string> names, IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<string> outputs)
    {
        Enter();
        try
        {
            using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            if (limit.GivesMemoryBack) options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, limit.Together?.Token ?? CancellationToken.None);
            end.CancelAfter(limit.Longest);
            using CancellationTokenRegistration terminate = end.Token.UnsafeRegister(run => ((RunOptions)run!).Terminate = true, options);
            try
            {
                return _session.Run(options, names, inputs, outputs);
            }
            catch (OnnxRuntimeException error) when (end.IsCancellationRequested)
            {
                limit.Together?.Cancel();
                throw new RunEndedException(error);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends the runs under way, waits for them, and lets go of the graph.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        lock (Gate)
        {
            while (_runs > 0) Monitor.Wait(Gate);
        }

        _session.Dispose();
        _ending.Dispose();
    }

    private static void EndAll()
    {
        TimeSpan most = TimeSpan.FromSeconds(10); // an operator cannot be ended
        Exit.Cancel();
        lock (Gate)
        {
            while (_allRuns > 0 && Monitor.Wait(Gate, most))
            {
            }
        }
    }

    private void Enter()
    {
        lock (Gate)
        {
            ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested, this);
            (_runs, _allRuns) = (_runs + 1, _allRuns + 1);
        }
    }

    private void Leave()
    {
        lock (Gate)
        {
            (_runs, _allRuns) = (_runs - 1, _allRuns - 1);
            Monitor.PulseAll(Gate);
        }
    }

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
