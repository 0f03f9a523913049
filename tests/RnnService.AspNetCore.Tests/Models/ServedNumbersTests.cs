using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Runtime;

namespace RnnService.AspNetCore.Tests.Models;

public sealed class ServedNumbersTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Steps_of_a_stream_that_are_computed_in_one_piece_hold_up_no_other_model()
    {
        using var models = new TinyNumberModels();
        using var model = (NumberTagger)models.Load("phases");
        using var gate = new GatedNetwork(model.Network);
        using ComputeLoop loop = new(new Readiness(), new RnnModelsOptions(), TimeProvider.System, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        var factory = new ServedModelFactory(
            new RnnModelsOptions(), new SchedulingMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()), TimeProvider.System, loop);
        var gated = (ServedNumbers)factory.Create("gated", new LoadedModel("gated", new NumberTagger(model.Config, gate), 1, 1, "", ""));
        var other = (ServedNumbers)factory.Create("other", new LoadedModel("other", model, 1, 1, "", ""));
        loop.Add(gated.Streams!);
        loop.Add(other.Batcher);
        await loop.StartAsync(CancellationToken.None);
        NumberSequence whole = TinyNumberModels.Draw(1, ModelScheduler.ShortTurnTokens + 1, 2), one = whole.Slice(0, 5);
        using NumberStream stream = gated.Streams!.Open("", CancellationToken.None, () => { });
        await stream.PushAsync(whole, Cancel);
        stream.Complete();
        await gate.Begun.WaitAsync(Patience, Cancel);
        Assert.Equal(model.Logits([one])[0], (await other.Batcher.Submit(() => [one], CancellationToken.None).WaitAsync(Patience, Cancel)).Outputs[0]);
        gate.Open();
        var read = new List<float>();
        await foreach (StreamedOutputs outputs in stream.Answers(Cancel)) read.AddRange(outputs.Outputs);
        Assert.Equal(model.Logits([whole])[0], read);
        await loop.StopAsync(CancellationToken.None);
    }

    /// <summary>A network that says it is ONNX Runtime's, and computes once it may.</summary>
    private sealed class GatedNetwork(INumberNetwork network) : INumberNetwork
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _gate = new();

        public Task Begun => _begun.Task;

        public string Backend => OnnxRuntimeNetwork.Name;

        public long ParameterCount => network.ParameterCount;

        public int Outputs => network.Outputs;

        public bool IsCausal => network.IsCausal;

        public void Open() => _gate.Set();

        public RecurrentState NewState(int rows) => network.NewState(rows);

        public void Forward(IReadOnlyList<NumberSequence> rows, RecurrentState state, LogitsReader logits, Action? betweenSteps = null)
        {
            _begun.TrySetResult();
            _gate.Wait(Cancel);
            network.Forward(rows, state, logits, betweenSteps);
        }

        public void Dispose() => _gate.Dispose();
    }
}
