using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Benchmarks.Load;

/// <summary>Streams moved on together by the engine alone: what the service could reach if everything around it cost nothing.</summary>
internal sealed class EngineSteps
{
    private readonly LanguageModel _model;
    private readonly GenerationBatch _batch;
    private readonly GenerationStream[] _streams;

    public EngineSteps(LanguageModel model, int streams)
    {
        _model = model;
        _batch = model.NewBatch();
        _streams = [.. Enumerable.Range(0, streams).Select(New)];
    }

    /// <summary>Moves every stream on by one token; one that ends is replaced.</summary>
    public void Step()
    {
        _batch.Advance(_streams);
        for (int i = 0; i < _streams.Length; i++)
        {
            if (_streams[i].Finished is not null) _streams[i] = New(i);
        }
    }

    private GenerationStream New(int index) =>
        _model.NewStream("ROMEO:", _model.Config.Generation! with { MaxNewTokens = 4_000, Seed = (ulong)index });
}
