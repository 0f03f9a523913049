using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>What may be asked about a network beside its answers: what the options allow and the model has.</summary>
internal sealed class InspectionRules(LimitOptions limits, RouteSwitches routes)
{
    public const string Forward = "forward", Reverse = "reverse";

    public LimitOptions Limits { get; } = limits;

    /// <summary>What explains or inspects, where there is one and it is not switched off.</summary>
    /// <param name="batcher">The model's, if it has one.</param>
    /// <param name="model">The model.</param>
    /// <param name="field">The field that asks for it.</param>
    /// <param name="found">What stands there.</param>
    /// <exception cref="RequestProblem">There is none.</exception>
    public TextBatcher<TInput, TOutput> Of<TInput, TOutput>(TextBatcher<TInput, TOutput>? batcher, ServedModel model, string field, string found)
    {
        if (!routes.Explanations)
            throw RequestProblem.Of(ProblemKind.Validation, field, $"is {found}; expected none, as explanations are switched off here");
        return batcher ?? throw RequestProblem.Of(ProblemKind.Validation, field,
            $"is {found}; {(field == "model" ? "expected a model that this service computes itself" : "expected none")}, as "
            + $"{model.Loaded.Model.Network.Backend} computes {RequestProblem.Quoted(model.Name)} and shows its answers alone");
    }

    /// <summary>What to look at.</summary>
    /// <param name="asked">As asked for.</param>
    /// <param name="model">The model.</param>
    /// <param name="path">Where it stands in the request.</param>
    /// <exception cref="RequestProblem">The model does not have it.</exception>
    public InspectionOptions Options(ActivationParameters? asked, TextModel model, string path)
    {
        var faults = new FaultList();
        ModelConfig config = model.Config;
        int layer = (int)(asked?.Layer ?? 0), unit = (int)(asked?.FirstUnit ?? 0);
        string[] kinds = KindsOf(model);
        int kind = asked?.Of is { } of ? Array.IndexOf(kinds, of) : 0;
        var inspect = asked as InspectParameters;
        if (layer >= config.Layers)
            faults.Add($"{path}.layer", $"is {layer}; expected {UpTo(config.Layers)}, as the model has {config.Layers} layer{(config.Layers == 1 ? "" : "s")}");
        if (kind < 0) faults.Add($"{path}.of", $"is \"{asked!.Of}\"; expected {string.Join(" or ", kinds)}, as the model's cell is {config.CellName()}");
        if (unit >= config.HiddenSize) faults.Add($"{path}.first_unit", $"is {unit}; expected {UpTo(config.HiddenSize)}, as a layer has {config.HiddenSize} units");
        if (inspect?.Reverse == true && !DirectionsOf(config).Contains(Reverse))
            faults.Add($"{path}.reverse", "is true; expected false, as the model reads forward alone");
        if (inspect?.At is { } place && config.Task == ModelTask.Classifier)
            faults.Add($"{path}.at", $"is {place}; expected none, as a classifier answers once for the text");
        if (faults.Faults.Count > 0) throw RequestProblem.Of(ProblemKind.Validation, faults);
        return new InspectionOptions
        {
            Layer = layer,
            Reverse = inspect?.Reverse == true && config.Bidirectional,
            Kind = model.ActivationKinds[kind],
            FirstUnit = unit,
            Units = (int)(asked?.Units ?? Limits.MaxActivationUnits),
            Gradients = inspect?.Gradients ?? false,
            At = (int)(inspect?.At ?? -1),
        };
    }

    /// <summary>What of a unit can be looked at.</summary>
    public static string[] KindsOf(TextModel model) => [.. model.ActivationKinds.Select(kind => SnakeCase.Of(kind))];

    /// <summary>Which ways a model's layers read, in the order of its states.</summary>
    public static string[] DirectionsOf(ModelConfig config) => config.Bidirectional ? [Forward, Reverse] : [config.Reverse ? Reverse : Forward];

    /// <summary>The direction that is looked at.</summary>
    public static string DirectionOf(ModelConfig config, InspectionOptions options) => options.Reverse || config.Reverse ? Reverse : Forward;

    private static string UpTo(int count) => count == 1 ? "0" : $"0 to {count - 1}";
}
