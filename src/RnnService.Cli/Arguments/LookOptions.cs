using System.CommandLine;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Cli.Arguments;

/// <summary>The options that say what of a network to look at while it reads a text.</summary>
internal sealed class LookOptions
{
    private const int MostUnits = 64;

    private readonly NumberOption<int> _layer = new("--layer") { Description = "The layer, from 0. [default: 0]" };
    private readonly Option<bool> _reverse = new("--reverse") { Description = "Look at the direction that reads from the end, where there are two." };

    private readonly Option<string> _of = new("--of")
    {
        Description = "hidden; cell, input, forget, candidate or output of an LSTM; reset, update or candidate of a GRU. [default: hidden]",
        HelpName = "KIND",
    };

    private readonly NumberOption<int> _firstUnit = new("--first-unit") { Description = "The first unit, from 0. [default: 0]" };
    private readonly NumberOption<int> _units = new("--units") { Description = $"Most units. [default: {MostUnits}]" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in All) verb.Add(option);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [_layer, _reverse, _of, _firstUnit, _units];

    /// <summary>What they say; what a model does not have, it refuses itself.</summary>
    /// <exception cref="CommandException">There is no such kind.</exception>
    public InspectionOptions Of(ParseResult parsed, TextModel model)
    {
        string asked = parsed.GetValue(_of) ?? SnakeCase.Of(ActivationKind.Hidden);
        ActivationKind[] found = [.. model.ActivationKinds.Where(kind => SnakeCase.Of(kind) == asked)];
        return found is [var kind] ? new InspectionOptions
        {
            Layer = parsed.GetValue(_layer) ?? 0,
            Reverse = parsed.GetValue(_reverse),
            Kind = kind,
            FirstUnit = parsed.GetValue(_firstUnit) ?? 0,
            Units = parsed.GetValue(_units) ?? MostUnits,
        } : throw new CommandException(
            $"--of is {asked}; expected {string.Join(", ", model.ActivationKinds.Select(kind => SnakeCase.Of(kind)))}, which this model's cells have");
    }
}
