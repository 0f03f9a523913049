using System.Diagnostics;
using System.Diagnostics.Metrics;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore.Models;

/// <summary>What is measured about the models there are.</summary>
internal sealed class ModelMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _changes;

    public ModelMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(RnnTelemetry.MeterName);
        _changes = _meter.CreateCounter<long>("rnn.model.changes", null, "Models added, replaced, removed and refused while the others were served.");
    }

    /// <summary>A model changed while the others were served.</summary>
    public void Changed(ModelChange change) => _changes.Add(1, new KeyValuePair<string, object?>("change", SnakeCase.Of(change)));

    /// <summary>Lets the gauges read from what is loaded. Called once.</summary>
    public void Observe(ModelRegistry registry, ModelChanges changes)
    {
        IEnumerable<ModelEntry> Served() => registry.Entries.Where(entry => entry.Served is not null);
        _meter.CreateObservableGauge("rnn.model.info", () => Served().Select(Info), null, "1 for each model served.");
        _meter.CreateObservableGauge(
            "rnn.model.broken", () => registry.Entries.Count(entry => entry.State == ModelState.Broken), null,
            "Model folders that cannot be served.");
        _meter.CreateObservableGauge(
            "rnn.model.outdated", () => Served().Count(entry => entry.Reason is not null), null,
            "Models served whose folder holds something newer that cannot be.");
        _meter.CreateObservableGauge(
            "rnn.model.retiring", () => changes.Retiring, null, "Models replaced or removed that answer what they began, and are in memory until then.");
        _meter.CreateObservableGauge(
            "rnn.model.size", () => Served().Select(entry => new Measurement<long>(entry.Loaded!.Bytes, Model(entry))), "By",
            "Size of the weight file.");
        _meter.CreateObservableGauge(
            "rnn.model.load.duration", () => Served().Select(entry => new Measurement<double>(entry.LoadTime.TotalSeconds, Model(entry))), "s",
            "Time it took to load and check the model.");
    }

    private static Measurement<int> Info(ModelEntry entry)
    {
        LoadedModel loaded = entry.Loaded!;
        ModelConfig config = loaded.Model.Config;
        return new Measurement<int>(1, new TagList
        {
            { "model", entry.Name },
            { "task", ModelTasks.NameOf(config.Task) },
            { "cell", config.CellName() },
            { "layers", config.Layers },
            { "hidden_size", config.HiddenSize },
            { "sha256", loaded.Sha256 },
        });
    }

    private static KeyValuePair<string, object?> Model(ModelEntry entry) => new("model", entry.Name);
}
