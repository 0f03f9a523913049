using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Runtime.Sessions;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// The two graphs of an exported translator as ONNX Runtime computes them: it is how an export is compared with its model. Safe for any number of threads.
/// </summary>
internal sealed class TranslatorGraphs : ITranslatorNetwork
{
    private readonly RuntimeSession _encoder, _decoder;
    private readonly RunLimit _limit = new(OnnxRuntimeNetwork.LongestRun);
    private readonly int _layers, _stateSize, _fedSize, _valueSize;
    private readonly bool _hasCellState, _attends;

    private TranslatorGraphs(RuntimeSession encoder, RuntimeSession decoder, Translator model)
    {
        (_encoder, _decoder, ParameterCount) = (encoder, decoder, model.Network.ParameterCount);
        RecurrentState state = model.Network.NewState(1);
        (_layers, _stateSize, _fedSize, _hasCellState) = (state.Slots, state.Size, state.Fed.Length, state.CellState.Length > 0);
        _attends = model.Config.Decoder!.Attention != AttentionKind.None;
        _valueSize = model.Config.HiddenSize * (model.Config.Bidirectional ? 2 : 1);
    }

    public string Backend => OnnxRuntimeNetwork.Name;

    public long ParameterCount { get; }

    /// <summary>Opens the files that were made of a model.</summary>
    /// <exception cref="WeightFormatException">ONNX Runtime refuses one.</exception>
    public static TranslatorGraphs Open(byte[] encoder, byte[] decoder, string name, Translator model)
    {
        RuntimeSession first = Session(encoder, $"{name}/encoder.onnx");
        try
        {
            return new TranslatorGraphs(first, Session(decoder, $"{name}/decoder.onnx"), model);
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }

    public RecurrentState NewState(int rows) => new(_layers, rows, _stateSize, _hasCellState, _fedSize);

    public RecurrentState Encode(IReadOnlyList<int[]> sources, Action? betweenSteps = null)
    {
        int batch = sources.Count, longest = sources.Max(source => source.Length);
        long[] ids = new long[batch * longest];
        for (int n = 0; n < batch; n++)
        {
            for (int t = 0; t < sources[n].Length; t++) ids[n * longest + t] = sources[n][t];
        }

        using var run = new GraphCall();
        run.Give("input_ids", ids, batch, longest);
        run.Give("lengths", [.. sources.Select(source => (long)source.Length)], batch);
        RecurrentState state = NewState(batch);
        run.Take("h_0", state.Hidden);
        if (_hasCellState) run.Take("c_0", state.CellState);
        if (_fedSize > 0) run.Take("fed_0", state.Fed);
        (float[] keys, float[] values) = (new float[_attends ? ids.Length * _stateSize : 0], new float[_attends ? ids.Length * _valueSize : 0]);
        if (_attends)
        {
            run.Take("keys", keys);
            run.Take("values", values);
        }

        run.Compute(_encoder, _limit);
        for (int n = 0; n < batch && _attends; n++)
        {
            int length = sources[n].Length, first = n * longest;
            state.Sources[n] = new AttendedSource(
                keys.AsMemory(first * _stateSize, length * _stateSize), values.AsMemory(first * _valueSize, length * _valueSize), length);
        }

        return state;
    }

    public void Forward(IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits)
    {
        List<(int Row, int Step, float[] Logits)> kept = [];
        RecurrentState moved = NewState(rows.Count);
        for (int row = 0; row < rows.Count; row++) moved.CopyFrom(state, row, row);
        for (int step = 0; rows.Any(row => row.Length > step); step++)
        {
            int[] active = [.. Enumerable.Range(0, rows.Count).Where(row => rows[row].Length > step)];
            RecurrentState part = NewState(active.Length);
            for (int i = 0; i < active.Length; i++) part.CopyFrom(moved, active[i], i);
            float[] found = Step([.. active.Select(row => (long)rows[row].Span[step])], part);
            int size = found.Length / active.Length;
            for (int i = 0; i < active.Length; i++)
            {
                moved.CopyFrom(part, i, active[i]);
                if (step >= from[active[i]]) kept.Add((active[i], step, found[(i * size)..((i + 1) * size)]));
            }
        }

        for (int row = 0; row < rows.Count; row++) state.CopyFrom(moved, row, row);
        foreach ((int row, int step, float[] found) in kept) logits(row, step, found);
    }

    /// <summary>One token of each row: the logits after it [batch,vocabulary].</summary>
    private float[] Step(long[] ids, RecurrentState state)
    {
        int batch = ids.Length, longest = _attends ? state.Sources.Max(source => source!.Length) : 0;
        using var run = new GraphCall();
        run.Give("input_ids", ids, batch);
        run.Give("h_0", state.Hidden, _layers, batch, _stateSize);
        if (_hasCellState) run.Give("c_0", state.CellState, _layers, batch, _stateSize);
        if (_fedSize > 0) run.Give("fed_0", state.Fed, batch, _fedSize);
        float[] weights = new float[batch * longest];
        if (_attends)
        {
            (float[] keys, float[] values) = (new float[weights.Length * _stateSize], new float[weights.Length * _valueSize]);
            for (int n = 0; n < batch; n++)
            {
                state.Sources[n]!.Keys.CopyTo(keys.AsMemory(n * longest * _stateSize));
                state.Sources[n]!.Values.CopyTo(values.AsMemory(n * longest * _valueSize));
            }

            run.Give("keys", keys, batch, longest, _stateSize);
            run.Give("values", values, batch, longest, _valueSize);
            run.Give("lengths", [.. state.Sources.Select(source => (long)source!.Length)], batch);
            run.Take("attention", weights);
        }

        run.Take("h_n", state.Hidden);
        if (_hasCellState) run.Take("c_n", state.CellState);
        if (_fedSize > 0) run.Take("fed_n", state.Fed);
        float[] logits = run.Compute(_decoder, _limit, "logits");
        for (int n = 0; n < batch && _attends; n++)
            weights.AsSpan(n * longest, state.Sources[n]!.Length).CopyTo(state.Sources[n]!.Weights);
        return logits;
    }

    private static RuntimeSession Session(byte[] content, string name)
    {
        try
        {
            OnnxFile file = OnnxFile.Read(new MemoryStream(content, writable: false), name);
            OperatorCheck.Check(file);
            return new RuntimeSession(file, CancellationToken.None);
        }
        catch (OnnxRuntimeException error)
        {
            throw new WeightFormatException(
                name, $"ONNX Runtime refuses it: {RuntimeSession.Sentence(error)}; expected a model that it runs", error);
        }
    }

    /// <summary>One call of a graph: what it is given, and where what it gives belongs.</summary>
    private sealed class GraphCall : IDisposable
    {
        private readonly List<string> _names = [];
        private readonly List<OrtValue> _values = [];
        private readonly List<(string Name, float[] Target)> _taken = [];

        public void Give<T>(string name, T[] values, params long[] shape) where T : unmanaged
        {
            _names.Add(name);
            _values.Add(OrtValue.CreateTensorValueFromMemory(values, shape));
        }

        public void Take(string name, float[] target) => _taken.Add((name, target));

        /// <summary>Computes; gives the values of one output more, of a size that the graph knows.</summary>
        public float[] Compute(RuntimeSession session, RunLimit limit, string? output = null)
        {
            try
            {
                using var outputs = session.Run(limit, _names, _values, [.. _taken.Select(taken => taken.Name), .. output is null ? (string[])[] : [output]]);
                for (int i = 0; i < _taken.Count; i++) outputs[i].GetTensorDataAsSpan<float>().CopyTo(_taken[i].Target);
                return output is null ? [] : outputs[_taken.Count].GetTensorDataAsSpan<float>().ToArray();
            }
            catch (OnnxRuntimeException error)
            {
                throw new NetworkException($"ONNX Runtime says: {RuntimeSession.Sentence(error)}", error);
            }
            catch (RunEndedException error)
            {
                throw new NetworkException("the graph takes too long; expected a smaller model", error);
            }
        }

        public void Dispose()
        {
            foreach (OrtValue value in _values) value.Dispose();
        }
    }
}
