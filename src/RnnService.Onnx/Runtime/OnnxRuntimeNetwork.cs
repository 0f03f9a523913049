using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Runtime.Probing;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;
using RnnService.Onnx.Runtime.Signatures;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// Serves ONNX files as they are, whoever exported them. Inputs and outputs are found by their types, ranks and names; which dimension is
/// time, how many rows the graph takes and whether it honours lengths is found by running it.
/// </summary>
/// <remarks>
/// A graph takes token ids, two-dimensional; it may take lengths, one-dimensional. A language model's takes its state, three-dimensional,
/// in one part or several, and gives it back. A graph that reads numbers takes them three-dimensional, lengths and states. A file is untrusted input: it has standard operators alone and no data in other files, and
/// what it takes to compute is bounded.
/// </remarks>
public static class OnnxRuntimeNetwork
{
    /// <summary>The name of this backend.</summary>
    public const string Name = "onnxruntime";

    private static readonly TimeSpan LongestTrials = TimeSpan.FromSeconds(30);

    /// <summary>The time that a run may take where nothing else is said; it is then ended, and its text refused.</summary>
    public static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(10);

    /// <summary>Opens files as <see cref="Open(string, ModelConfig, ModelVocabulary?, CancellationToken)"/> does, with a limit of their runs.</summary>
    /// <param name="longestRun">The time that a run may take.</param>
    public static NetworkReader Reader(TimeSpan longestRun) => (file, config, vocabulary, stop) =>
        Open(() => OnnxFile.Open(file), file, config, vocabulary, takesFixedLength: false, longestRun, stop);

    /// <summary>Opens a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="config">What the model is.</param>
    /// <param name="vocabulary">Its tokens; null for a model that reads numbers.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="WeightFormatException">The file is malformed, does not fit the configuration, or cannot be run.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static INetwork Open(string file, ModelConfig config, ModelVocabulary? vocabulary, CancellationToken stop = default) =>
        Open(() => OnnxFile.Open(file), file, config, vocabulary, takesFixedLength: false, LongestRun, stop);

    /// <summary>Opens the content of a file.</summary>
    /// <param name="content">The content.</param>
    /// <param name="name">A name for messages.</param>
    /// <param name="config">What the model is.</param>
    /// <param name="vocabulary">Its tokens; null for a model that reads numbers.</param>
    /// <exception cref="WeightFormatException">The content is malformed, does not fit the configuration, or cannot be run.</exception>
    public static INetwork Open(byte[] content, string name, ModelConfig config, ModelVocabulary? vocabulary) =>
        Open(() => OnnxFile.Read(new MemoryStream(content, writable: false), name), name, config, vocabulary, takesFixedLength: false, LongestRun);

    /// <summary>Opens a file that was read, for a comparison: a fixed number of tokens is taken, and rows must have it.</summary>
    internal static GraphNetwork OpenForComparison(OnnxFile file, ModelConfig config, ModelVocabulary vocabulary) =>
        (GraphNetwork)Open(() => file, file.Path, config, vocabulary, takesFixedLength: true, LongestRun);

    private static INetwork Open(
        Func<OnnxFile> read, string name, ModelConfig config, ModelVocabulary? vocabulary, bool takesFixedLength,
        TimeSpan longestRun, CancellationToken stop = default)
    {
        try
        {
            OnnxFile file = read();
            OperatorCheck.Check(file);
            LabelTransitions? transitions = GraphTransitions.Read(file, config);
            return vocabulary is null
                ? OpenNumbers(file, new NumberSignature(file, config), transitions, longestRun, stop)
                : OpenText(file, new GraphSignature(file, config, vocabulary), config, vocabulary, transitions, takesFixedLength, longestRun, stop);
        }
        catch (OnnxRuntimeException error)
        {
            throw new WeightFormatException(
                name, $"ONNX Runtime refuses it: {RuntimeSession.Sentence(error)}; expected a model that it runs", error);
        }
    }

    private static NumberGraph OpenNumbers(
        OnnxFile file, NumberSignature signature, LabelTransitions? transitions, TimeSpan longestRun, CancellationToken stop) =>
        Probed(file, longestRun, stop, (session, trials) =>
        {
            NumberLayout layout = new NumberProbe(session, file, signature, trials).Find();
            return new NumberGraph(session, new NumberRun(session, signature, layout, new RunLimit(longestRun)), transitions);
        });

    private static GraphNetwork OpenText(
        OnnxFile file, GraphSignature signature, ModelConfig config, ModelVocabulary vocabulary, LabelTransitions? transitions, bool takesFixedLength,
        TimeSpan longestRun, CancellationToken stop) => Probed<GraphNetwork>(file, longestRun, stop, (session, trials) =>
        {
            var probe = new LayoutProbe(session, signature, config, vocabulary, trials) { TakesFixedLength = takesFixedLength };
            GraphLayout layout = probe.Find();
            var graph = new TokenGraph(session, signature, layout, new RunLimit(longestRun)) { Notes = probe.Notes };
            var pace = new RunPace(longestRun, TimeProvider.System);
            return config.Task switch
            {
                ModelTask.LanguageModel => new LanguageGraph(session, graph, pace),
                ModelTask.Classifier => new ClassifierGraph(session, graph, pace),
                _ => new TaggerGraph(session, graph, pace, vocabulary, transitions),
            };
        });

    /// <summary>Loads a graph and makes its network, with a limit of the trial runs that it takes.</summary>
    private static TNetwork Probed<TNetwork>(
        OnnxFile file, TimeSpan longestRun, CancellationToken stop, Func<RuntimeSession, RunLimit, TNetwork> probe)
    {
        stop.ThrowIfCancellationRequested();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestTrials);
        var session = new RuntimeSession(file, limit.Token);
        try
        {
            // What a hostile graph took is given back, and one run that takes too long ends all of them.
            return probe(session, new RunLimit(longestRun) { Together = limit, GivesMemoryBack = true });
        }
        catch (Exception error)
        {
            session.Dispose();
            stop.ThrowIfCancellationRequested();
            if (error is not (OnnxFormatException or OnnxRuntimeException or RunEndedException) || !limit.IsCancellationRequested) throw;
            throw file.Refuse(
                "graph",
                $"a short row takes more than {longestRun.TotalSeconds} seconds, or some of them more than {LongestTrials.TotalSeconds}; expected a smaller graph");
        }
    }
}
