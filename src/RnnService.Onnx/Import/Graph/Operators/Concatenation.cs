using RnnService.Engine.Layers;
using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>
/// Values side by side along a dimension: directions, an initial state before its steps, words beside their characters' states, or one
/// sequence pooled in several ways. Used once.
/// </summary>
internal sealed class Concatenation(GraphContext graph, GraphNode node, SymbolicValue.Computed[] parts, long axis)
{
    private readonly SymbolicValue.Computed _first = parts[0];
    private readonly int _dim = node.Dimension(axis, parts[0].Dims.Length);

    public SymbolicValue.Computed Result()
    {
        foreach (SymbolicValue.Computed part in parts)
        {
            bool fits = part.Dims.Length == _first.Dims.Length && Enumerable.Range(0, _first.Dims.Length).All(
                other => other == _dim || graph.Axes.Same(part.Dims[other], _first.Dims[other]));
            if (!fits)
                throw node.Refuse($"{part.Describe()} does not lie as {_first.Describe()} does", "values that differ in one dimension alone");
        }

        switch (_first.Role, parts)
        {
            case (Role.States states, _) when All<Role.States>(other => other.Part == states.Part):
                LayerDirection[] directions =
                    [.. parts.SelectMany(part => ((Role.States)part.Role).Directions).Take(Constants.LongestShape + 1)];
                return Directions(directions.Length, states with { Directions = directions });
            case (Role.InitialState start, _) when All<Role.InitialState>(other => other.Source == start.Source):
                int[] starts = [.. parts.SelectMany(part => ((Role.InitialState)part.Role).Directions).Take(Constants.LongestShape + 1)];
                return Directions(starts.Length, start with { Directions = starts });
            case (Role.InitialState { Directions: [_] } start, [{ Dims: [{ Axes: [] }, _, _] }, var steps])
                when _dim == 0 && steps.Role is Role.Vectors or Role.States { Part: StatePart.Steps }:
                var line = new Axis("start and time", AxisKind.Rows);
                return new SymbolicValue.Computed(new Role.StateAndSteps(start, steps), [new Dimension(line), .. steps.Dims[1..]]);
            case (Role.Vectors { Characters: null } words, [_, { Role: Role.States { Part: StatePart.Hidden } last } characters])
                when _dim == _first.Dims.Length - 1:
                return WithCharacters(words, last, characters);
            case (Role.States { Part: StatePart.Hidden, Top: { } top }, [_, var largest, var mean])
                when _dim == _first.Dims.Length - 1 && Is(largest, Pooling.Max) && Is(mean, Pooling.Mean):
                return WithPooled(top);
            default:
                throw node.Refuse(
                    $"it joins {string.Join(" and ", parts.Take(4).Select(part => part.Describe()))}",
                    "directions of one value, words beside their characters' states, or last states, maximum and mean of one layer");
        }

        bool Is(SymbolicValue.Computed part, Pooling pooling) => part.Role is Role.Pooled { Share: null, Joined: null } pooled
            && pooled.Pooling == pooling && pooled.Layer == ((Role.States)_first.Role).Top;

        bool All<T>(Func<T, bool> fits) where T : Role =>
            parts.All(part => part.Role is T role && fits(role) && part.Fill == _first.Fill);
    }

    private SymbolicValue.Computed Directions(int count, Role role)
    {
        if (count > Constants.LongestShape) throw node.Refuse("it joins too many states", $"at most {Constants.LongestShape}");
        Dimension joined = Dimension.OfDirections(count);
        bool apart = parts.All(part => part.Dims[_dim].Axes is [] or [{ IsDirections: true }]);
        Dimension[] inner = [.. parts.Select(part => new Dimension([.. part.Dims[_dim].Axes.Where(own => !own.IsDirections)]))];
        bool together = inner.All(dimension => dimension.Axes.Length == 1 && graph.Axes.Same(dimension, inner[0]))
            && parts.All(part => part.Dims.Where((_, other) => other != _dim).All(other => other.Axes.All(own => !own.IsDirections)));
        if (!apart && !together)
            throw node.Refuse($"it joins {_first.Describe()} along dimension {_dim}", "directions or their units side by side");
        return _first.Replace(_dim, apart ? joined : joined.Times(inner[0])) with { Role = role };
    }

    private SymbolicValue.Computed WithPooled(RecurrentLayer layer)
    {
        if (parts.FirstOrDefault(part => !layer.AreFeatures(part.Dims[_dim], layer.Reverses.Count)) is { } part)
            throw node.Refuse($"it joins {part.Describe()} along dimension {_dim}", "all units of both directions, forward first");
        var width = new Axis("pooled", AxisKind.Features, RecognizedHead.WidthOf(layer, share: null, Pooling.Concat));
        return _first.Replace(_dim, new Dimension(width)) with { Role = new Role.Pooled(layer, Pooling.Concat, Share: null) { Joined = width } };
    }

    private SymbolicValue.Computed WithCharacters(Role.Vectors words, Role.States last, SymbolicValue.Computed characters)
    {
        RecurrentLayer reader = last.Directions[0].Layer;
        bool fits = last.Top == reader && reader.Index == 0 && reader.Direction == Direction.Bidirectional
            && reader.Stack.Source.Characters is null && reader.AreFeatures(characters.Dims[_dim], last.Directions.Length)
            && reader is { Lengths: not null, Hidden: null, CellState: null };
        if (!fits)
        {
            throw node.Refuse(
                $"{reader.Place} beside the words' embeddings", "one bidirectional layer over the characters of each word, ended by their number");
        }

        if (words.Origin.IsRead) throw node.Refuse("another layer reads the words' embeddings", "one stack of layers");
        var width = new Axis("words", AxisKind.Features, words.Origin.Size + 2 * reader.HiddenSize);
        return _first.Replace(_dim, new Dimension(width)) with { Role = words with { Width = width, Characters = reader.Stack } };
    }
}
