using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;

namespace RnnService.Onnx.Runtime;

/// <summary>A network that ONNX Runtime computes. Safe for any number of threads.</summary>
internal abstract class GraphNetwork(RuntimeSession session, TokenGraph graph, RunPace pace) : INetwork
{
    public string Backend => OnnxRuntimeNetwork.Name;

    public long ParameterCount { get; } = graph.Signature.ParameterCount;

    /// <summary>The graph.</summary>
    public TokenGraph Graph { get; } = graph;

    public void Dispose() => session.Dispose();

    /// <summary>Runs the graph. It was seen to run: what it fails at now is what it was given.</summary>
    /// <exception cref="NetworkException">It fails, or takes too long.</exception>
    protected GraphReading Run(ReadOnlySpan<GraphRow> rows, float[] states)
    {
        int length = rows[0].Ids.Length;
        while (pace.NextOnTheWayTo(length) is { } shorter) RunOnce([Cut(rows[0], shorter)], []).Dispose();
        return RunOnce(rows, states);
    }

    private static GraphRow Cut(GraphRow row, int length) => new(row.Ids[..length], row.Characters?[..length]);

    private GraphReading RunOnce(ReadOnlySpan<GraphRow> rows, float[] states)
    {
        int length = rows[0].Ids.Length;
        long started = Stopwatch.GetTimestamp();
        try
        {
            GraphReading reading = Graph.Run(rows, states);
            pace.Computed(length, Stopwatch.GetElapsedTime(started), rows.Length == 1);
            return reading;
        }
        catch (RunEndedException)
        {
            throw pace.Ended(length, rows.Length);
        }
        catch (OnnxRuntimeException error)
        {
            throw new NetworkException($"ONNX Runtime says: {RuntimeSession.Sentence(error)}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new NetworkException(error.Message, error);
        }
    }
}

/// <summary>The network of a classifier.</summary>
internal sealed class ClassifierGraph(RuntimeSession session, TokenGraph graph, RunPace pace)
    : GraphNetwork(session, graph, pace), IClassifierNetwork
{
    public void Forward(IReadOnlyList<int[]> texts, LogitsReader logits, Action? betweenSteps = null)
    {
        foreach (int[] group in Graph.Layout.Group([.. texts.Select(text => text.Length)], Graph.Signature.OutputSize))
        {
            betweenSteps?.Invoke();
            using GraphReading reading = Run([.. group.Select(row => new GraphRow(texts[row]))], []);
            for (int i = 0; i < group.Length; i++) logits(group[i], 0, reading.Logits(i, 0));
        }
    }
}

/// <summary>The network of a tagger.</summary>
internal sealed class TaggerGraph(
    RuntimeSession session, TokenGraph graph, RunPace pace, ModelVocabulary vocabulary, LabelTransitions? transitions)
    : GraphNetwork(session, graph, pace), ITaggerNetwork
{
    public LabelTransitions? Transitions => transitions;

    public void Forward(IReadOnlyList<TaggerInput> sentences, LogitsReader logits, Action? betweenSteps = null)
    {
        foreach (int[] group in Graph.Layout.Group([.. sentences.Select(sentence => sentence.Tokens)], Graph.Signature.OutputSize))
        {
            betweenSteps?.Invoke();
            using GraphReading reading = Run([.. group.Select(row => Row(sentences[row]))], []);
            for (int i = 0; i < group.Length; i++)
            {
                for (int t = 0; t < sentences[group[i]].Length; t++) logits(group[i], t, reading.Logits(i, t));
            }
        }
    }

    private GraphRow Row(TaggerInput sentence) =>
        new(sentence.Ids, Graph.Signature.Characters is null ? null : [.. sentence.Forms.Select(vocabulary.Spell)], sentence.Ends);
}
