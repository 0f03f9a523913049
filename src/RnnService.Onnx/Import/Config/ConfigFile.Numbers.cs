using RnnService.Engine.Models;

namespace RnnService.Onnx.Import.Config;

/// <content>What a model reads that reads numbers: sizes come from the graph.</content>
internal sealed partial class ConfigFile
{
    private NumbersConfig? Numbers(ModelTask? task)
    {
        NumbersConfig? given = Nested("numbers", ModelJson.Files.NumbersConfig);
        if (_vocabulary is not null) return given;
        given ??= new NumbersConfig();
        if (given.Features == 0 && _facts.Features is null)
            _problems.Add("numbers.features is missing; expected how many values a step has, which the graph does not say");
        if (given.Features != 0 && _facts.Features is { } features && features != given.Features)
            _problems.Add($"numbers.features is {given.Features}; expected {features}, as {_facts.Witness}");
        given = given with { Features = _facts.Features ?? given.Features };
        if (task == ModelTask.Regressor) given = given with { EachStep = _facts.AnswersSteps ?? given.EachStep };
        if (task == ModelTask.Forecaster && given is { Horizon: 0, Features: > 0 })
            given = given with { Horizon = (_facts.Outputs ?? given.Features) / given.Features };
        return given;
    }
}
