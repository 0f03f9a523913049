using RnnService.AspNetCore.Models;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>What a model takes and answers as tensors: its task's route, in another form.</summary>
/// <param name="served">The model.</param>
internal abstract class ModelTensors(ServedModel served)
{
    /// <summary>Stands for a size that each request has its own of.</summary>
    protected const int Any = -1;

    /// <summary>What it takes: as many texts as one likes, of a model that reads them.</summary>
    public virtual IReadOnlyList<TensorMetadata> Inputs { get; } = [new(InferBody.Input, Tensor.Text, Any)];

    protected string Name => served.Name;

    public abstract IReadOnlyList<TensorMetadata> Outputs { get; }

    /// <summary>The labels in the order of scores; null where there are none.</summary>
    public virtual IReadOnlyList<string>? Labels => null;

    public static ModelTensors Of(ServedModel served, GenerateTools tools) => served switch
    {
        ServedClassifier classifier => new ClassifierTensors(classifier, tools.Rules),
        ServedTagger tagger => new TaggerTensors(tagger, tools.Limits),
        ServedGenerator generator => new GeneratorTensors(generator, tools),
        ServedNumbers numbers => new NumberModelTensors(numbers),
        _ => throw new InvalidOperationException($"{served.GetType().Name} has no tensors"),
    };

    /// <summary>Answers a request.</summary>
    public abstract Task<IResult> InferAsync(InferenceCall call, InferBody body);

    /// <summary>The tensors are those of a model that reads something else.</summary>
    protected RequestProblem WrongInput(string expected) => RequestProblem.Of(ProblemKind.Validation, "inputs[0].name",
        $"is not what {RequestProblem.Quoted(Name)} reads; expected \"{expected}\"");

    /// <summary>The answer to a text, which must be one: a tensor has no place for the reason why not.</summary>
    protected static T Answered<T>(object answer, int index)
        where T : class => answer as T ?? throw RequestProblem.Of(ProblemKind.Validation, $"inputs[0].data[{index}]", ((FailedText)answer).Error);
}

/// <inheritdoc/>
/// <typeparam name="TParameters">The parameters that a request may have.</typeparam>
/// <param name="served">The model.</param>
internal abstract class ModelTensors<TParameters>(ServedModel served) : ModelTensors(served)
    where TParameters : ITensorParameters, new()
{
    public override async Task<IResult> InferAsync(InferenceCall call, InferBody body)
    {
        var parameters = call.Parse<TParameters>(body.Request.Parameters, "parameters");
        var outputs = new InferOutputs(Name, body.Request, parameters.BinaryDataOutput ?? false);
        outputs.Check(Outputs);
        return outputs.Answer(await ComputeAsync(call, body.Texts ?? throw WrongInput(InferBody.Input), parameters));
    }

    /// <summary>Computes all outputs.</summary>
    protected abstract Task<IReadOnlyList<Tensor>> ComputeAsync(InferenceCall call, string[] texts, TParameters parameters);

    /// <summary>Refuses what only the task's own route can answer.</summary>
    protected static void ThrowIfAsked(bool asked, string field)
    {
        if (asked) throw RequestProblem.Of(ProblemKind.Validation, $"parameters.{field}", "is not answered as a tensor; leave it out");
    }
}

/// <summary>Parameters of a whole request.</summary>
internal interface ITensorParameters
{
    /// <summary>Whether outputs are bytes after the JSON.</summary>
    bool? BinaryDataOutput { get; }
}
