using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Shows what a network does while it reads a text.</summary>
internal static class InspectEndpoints
{
    /// <summary>About the bytes of a token and of a number in an answer.</summary>
    public const int BytesOfToken = 60, BytesOfNumber = 13;

    private const string Example = """
        {"model": "sentiment", "inputs": "a lovely film", "parameters": {"of": "hidden", "units": 3, "gradients": true}}
        """;

    private const string Answer = """
        {"model": "sentiment", "task": "classifier", "cell": "lstm", "layers": 1, "directions": ["forward", "reverse"], "hidden_size": 150,
         "kinds": ["hidden", "cell", "input", "forget", "candidate", "output"],
         "tokens": [{"text": "a", "start": 0, "end": 1, "known": true}, {"text": "lovely", "start": 2, "end": 8, "known": true},
                    {"text": "film", "start": 9, "end": 13, "known": true}],
         "activations": {"layer": 0, "direction": "forward", "of": "hidden", "first_unit": 0,
           "values": [[-0.023385696, -0.028233405, 0.043721046], [-0.07492505, -0.075599685, 0.01964308],
                      [-0.096769206, -0.10237772, 0.08659988]]},
         "gradients": {"at": null, "answer": "positive", "inputs": [4.9883237, 4.3548574, 4.0506563],
           "states": [{"layer": 0, "direction": "forward", "values": [2.579543, 1.9274236, 1.2124237]},
                      {"layer": 0, "direction": "reverse", "values": [1.0844153, 1.2823788, 2.005923]}]}}
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var rules = routes.ServiceProvider.GetRequiredService<InspectionRules>();
        routes.MapInference("/inspect", call => AnswerAsync(call, rules))
            .WithName("inspect")
            .WithSummary("Look inside")
            .WithDescription(
                "What the units or gates of a layer showed after each token that a model of any task read and, with gradients, how far back its "
                + "answer looks. A model that ONNX Runtime computes cannot be looked into.")
            .WithTags("Text")
            .Accepts<InspectRequest>("application/json")
            .Produces<InspectAnswer>()
            .WithMetadata(new RequestExample(Example), new AnswerExample(Answer));
    }

    private static async Task<IResult> AnswerAsync(InferenceCall call, InspectionRules rules)
    {
        InspectRequest request = await call.ReadAsync<InspectRequest>();
        ServedModel served = await call.ModelAsync(request.Model);
        TextBatcher<InspectionInput, Inspection> inspector = rules.Of(served.Inspector, served, "model", RequestProblem.Quoted(request.Model));
        TextModel model = served.Loaded.TextModel;
        InspectionOptions options = rules.Options(request.Parameters, model, "parameters");
        await call.HoldAnswerAsync((long)Math.Min(request.Inputs.Length, rules.Limits.MaxActivationSteps)
            * (BytesOfToken + (Math.Min(options.Units, model.Config.HiddenSize) + (options.Gradients ? 1 + 2 * model.Config.Layers : 0)) * BytesOfNumber));

        TokenizedText text = new([], []);
        TextAnswers<Inspection> answers = await call.ComputeAsync(inspector, () =>
        {
            text = model.Read(request.Inputs);
            Check(text.Ids.Length, request.Parameters?.At, rules.Limits);
            TextWarnings.Write(call.Context.Response, "inputs", isList: false, [Warning(model, request.Inputs, text)]);
            return [new InspectionInput(text, options)];
        });
        if (answers.Failures.TryGetValue(0, out NetworkException? failure)) throw failure;
        return Json.Answer(AnswerOf(served, text, options, answers.Outputs[0]));
    }

    private static void Check(int tokens, long? at, LimitOptions limits)
    {
        if (tokens > limits.MaxActivationSteps)
            throw RequestProblem.Of(ProblemKind.Validation, "inputs", $"has {tokens} tokens; at most {limits.MaxActivationSteps} can be looked at: send it in parts");
        if (at >= tokens)
        {
            throw RequestProblem.Of(ProblemKind.Validation, "parameters.at",
                tokens == 0 ? $"is {at}; expected none, as inputs has no token" : $"is {at}; expected less than {tokens}, as inputs has as many tokens");
        }
    }

    /// <summary>What its own route would say about the text.</summary>
    private static string? Warning(TextModel model, string text, TokenizedText read)
    {
        if (model is Classifier classifier) return classifier.Warning(text, read.Ids);
        if (model is Tagger tagger) return tagger.Warning(text, tagger.Encode(read.Tokens.Select(word => word.Text)));
        if (!read.Ids.AsSpan().ContainsAnyExcept(model.Vocabulary.Tokens.UnknownId)) return UnknownText.Sentence(model.Tokenizer, text, noneKnown: true);
        model.Tokenizer.Encode(text, out IReadOnlyList<string> unknown);
        return UnknownText.Sentence(model.Tokenizer, unknown);
    }

    private static InspectAnswer AnswerOf(ServedModel served, TokenizedText text, InspectionOptions options, Inspection found)
    {
        TextModel model = served.Loaded.TextModel;
        ModelConfig config = model.Config;
        return new InspectAnswer
        {
            Model = served.Name,
            Task = ModelTasks.NameOf(config.Task),
            Cell = config.CellName(),
            Layers = config.Layers,
            Directions = InspectionRules.DirectionsOf(config),
            HiddenSize = config.HiddenSize,
            Kinds = InspectionRules.KindsOf(model),
            Tokens = [.. text.Tokens.Zip(text.Ids, (token, id) => new ReadToken
            {
                Text = token.Text,
                Start = token.CodePointStart,
                End = token.CodePointEnd,
                Known = id != model.Vocabulary.Tokens.UnknownId,
            })],
            Activations = new ActivationValues
            {
                Layer = options.Layer,
                Direction = InspectionRules.DirectionOf(config, options),
                Of = SnakeCase.Of(options.Kind),
                FirstUnit = options.FirstUnit,
                Values = Finite(found.Activations),
            },
            Gradients = found.Gradients is { } norms ? GradientsOf(norms, model) : null,
        };
    }

    private static AnswerGradients GradientsOf(GradientNorms norms, TextModel model)
    {
        string[] directions = InspectionRules.DirectionsOf(model.Config);
        return new AnswerGradients
        {
            At = norms.At,
            Answer = model.Config.Task == ModelTask.LanguageModel ? model.Tokenizer.Decode(norms.Answer, first: false) : model.Config.NetworkLabels[norms.Answer],
            Inputs = Finite([[.. norms.Inputs]])[0],
            States = [.. Finite(norms.States).Select((values, at) => new StateGradients
            {
                Layer = at / directions.Length,
                Direction = directions[at % directions.Length],
                Values = values,
            })],
        };
    }

    /// <exception cref="NetworkException">One is infinite or no number, which JSON cannot say.</exception>
    public static IReadOnlyList<float[]> Finite(IReadOnlyList<float[]> rows)
    {
        foreach (float[] row in rows) NetworkException.ThrowIfNotFinite(row);
        return rows;
    }
}
