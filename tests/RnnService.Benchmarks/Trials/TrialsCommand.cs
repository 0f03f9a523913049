using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>
/// Attacks on the service as it is shipped, from outside, one after the other, and what they do to it and to a light client beside them.
/// </summary>
internal static class TrialsCommand
{
    private const int Interrupted = 130;

    private static readonly (string Name, string Attack, Func<Trial, Task> Run)[] All =
    [
        ("unread", "1,100 connections that never read ask for streams of 4,000 tokens", StreamTrials.UnreadAsync),
        ("unread-same-address", "the same from the address of the light client", StreamTrials.UnreadSameAddressAsync),
        ("fields", "bodies of 1.6 MB with 180,000 unknown fields or 800,000 wrong elements; twelve at once", BodyTrials.FieldsAsync),
        ("flood-tag", "/tag, 64 texts of 20,000 characters, on eight connections over and over", FloodTrials.TagAsync),
        ("flood-classify", "/classify, 64 texts of 20,000 characters, on eight connections over and over", FloodTrials.ClassifyAsync),
        ("flood-generate", "/generate, prompts of 20,000 characters, on eight connections over and over", FloodTrials.GenerateAsync),
        ("unfinished", "400 bodies of 2 MB that stop ten bytes short", BodyTrials.UnfinishedAsync),
        ("idle", "1,000 idle connections where the system allows 1,024 open files", ConnectionTrials.IdleAsync),
        ("waiting", "400 requests of 1.25 MB at once", BodyTrials.WaitingAsync),
        ("slow-folder", "a pipe as config.json in one folder, a golden text of 5 million characters in another", FolderTrials.SlowAsync),
        ("products", "an ONNX graph of 60 products [time,time] is asked for a text of 6,000 characters", FolderTrials.ProductsAsync),
        ("flipped", "one bit changed in the weights of twelve copies of a model", FolderTrials.FlippedAsync),
        ("damaged", "1,000 model folders, each with a file changed, cut, swapped, missing or made by an enemy, beside sound ones", DamageTrial.RunAsync),
        ("swaps", "models replaced 100 times by an operator's call while twelve connections use them", SwapTrial.RunAsync),
        ("vanish", "1,000 clients vanish in the middle of their streams beside 500 that never read", StreamTrials.VanishAsync),
        ("overload", "three times as many requests as can be answered, from 16 addresses", StreamTrials.OverloadAsync),
        ("fuzz", "20,000 requests over every route, with numbers, sounds and WebSockets, made from the OpenAPI document and changed in fields, bytes, paths, methods and headers", FuzzTrial.RunAsync),
        ("keys", "every route without a key, with wrong ones and with one of another model", KeyTrial.RunAsync),
        ("sessions", "10,000 sessions of as many keys, interleaved over two replicas", SessionTrials.ManyAsync),
        ("killed", "the service is killed under load and started again; its clients hold the states of their texts", SessionTrials.KilledAsync),
        ("soak", "everything that clients do, mixed, while a model is replaced again and again", SoakTrial.RunAsync),
        ("replicas", "two replicas behind nginx, with Redis; one after the other is killed and started again", ReplicaTrials.KilledAsync),
        ("scaled", "96 clients ask for 400 tokens each, over and over: one replica on a processor, then two on two", ReplicaTrials.ScaledAsync),
        ("rolling", "a model is changed on one replica after the other, then each is stopped and started", ReplicaTrials.RollingAsync),
        ("together", "unread streams, unfinished bodies, unknown fields, floods and vanishing clients at once", TogetherTrial.RunAsync),
    ];

    /// <summary>Runs the trials that are named, or all.</summary>
    /// <returns>0 when all ran, whatever they found; 1 when one broke off; 2 for options that are not understood.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        ThreadPool.SetMinThreads(32, 32);
        if (!TryRead(args, out Options options, out string problem))
        {
            Console.Error.WriteLine($"trials: {problem}");
            return 2;
        }

        int code = 0;
        TrialResults results = TrialResults.Of(options.Label, options.Server);
        var interrupted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration key = Watch(PosixSignal.SIGINT), end = Watch(PosixSignal.SIGTERM);
        try
        {
            Console.WriteLine("| trial | figure | found | goal | met |\n|---|---|---|---|---|");
            foreach ((string name, string attack, Func<Trial, Task> run) in All)
            {
                if (options.Only.Count > 0 && !options.Only.Contains(name)) continue;
                var trial = new Trial(name, attack, options.Server, options.Size);
                Task running = Task.Run(() => run(trial));
                if (await Task.WhenAny(interrupted.Task, running) == interrupted.Task) return Interrupted;
                try
                {
                    await running;
                }
                catch (Exception exception) when (exception is IOException or SocketException or HttpRequestException or TaskCanceledException)
                {
                    // The others may tell something still.
                    Console.Error.WriteLine($"trials: {name}: {exception.Message}");
                    trial.Wanted("the trial", "broke off", "ran");
                    code = 1;
                }

                results.Trials.Add(trial.Result);
                if (options.Output is not null) results.Write(options.Output);
            }

            return code;
        }
        finally
        {
            Replicas.EndAll();
            TrialServer.EndAll();
            TrialModels.RemoveAll();
        }

        PosixSignalRegistration Watch(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            interrupted.TrySetResult();
        });
    }

    /// <summary>Where a trial stands in the table.</summary>
    public static int PlaceOf(string name) => Array.FindIndex(All, trial => trial.Name == name);

    /// <summary>Ends when it is cancelled.</summary>
    public static Task UntilCancelledAsync(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(() => cancelled.TrySetResult());
        return cancelled.Task;
    }

    private static bool TryRead(string[] args, out Options options, out string problem)
    {
        options = new Options(ServiceProcess.Program, [], null, "after", TrialSize.Usual);
        problem = OperatingSystem.IsLinux() ? "" : "the trials need Linux: they read /proc and use addresses from 127.0.0.2 on";
        for (int i = 0; problem.Length == 0 && i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--quick" or "--long":
                    options = options with { Size = args[i] == "--quick" ? TrialSize.Quick : TrialSize.Long };
                    continue;
                case "--only" when value is not null && PlaceOf(value) >= 0:
                    options.Only.Add(value);
                    break;
                case "--only":
                    problem = $"there is no trial {value}; there are {string.Join(", ", All.Select(trial => trial.Name))}";
                    break;
                case "--server" when File.Exists(value):
                    options = options with { Server = Path.GetFullPath(value) };
                    break;
                case "--output" when value is not null:
                    options = options with { Output = value };
                    break;
                case "--label" when value is "before" or "after":
                    string file = Path.Combine(ServiceProcess.Repository, $"tests/RnnService.Benchmarks/results/trials-{value}.json");
                    options = options with { Label = value, Output = options.Output ?? file };
                    break;
                default:
                    problem = $"{args[i]} {value} is not understood; expected --server RnnService.Server.dll, --only NAME, --output FILE, "
                        + "--label before or after, --quick, --long";
                    break;
            }

            i++;
        }

        return problem.Length == 0;
    }

    private sealed record Options(string Server, List<string> Only, string? Output, string Label, TrialSize Size);
}
