using RnnService.Engine.Models;
using RnnService.Training.Corpora;

namespace RnnService.Training.Evaluation;

/// <summary>What a task expects of sequences of numbers and of what is to be found in them.</summary>
internal static class NumberChecks
{
    /// <summary>Checks that a model of a configuration can read an example, and that the example tells what is to be found.</summary>
    /// <exception cref="InvalidDataException">It does not; the message says which, and why.</exception>
    public static void Check(ModelConfig config, NumberExample example)
    {
        NumbersConfig numbers = config.Numbers!;
        int steps = example.Sequence.Steps, labels = example.Labels.Count, values = example.Values.Length, outputs = config.Labels.Count;
        if (example.Sequence.Features != numbers.Features) throw Wrong(example, $"a step has {example.Sequence.Features} values; expected {numbers.Features}");
        if (steps == 0) throw Wrong(example, "has no step; expected one or more");
        switch (config.Task)
        {
            case ModelTask.Classifier when example.Labels.Distinct().Count() != 1:
                throw Wrong(example, $"has {example.Labels.Distinct().Count()} labels; expected one, at every step or once");
            case ModelTask.Tagger when labels != steps:
                throw Wrong(example, $"has {labels} labels; expected {steps}, one a step");
            case ModelTask.Regressor when values == 0:
                throw Wrong(example, "has no values to be found; expected a column of numbers");
            case ModelTask.Regressor when numbers.EachStep && values != outputs * steps:
                throw Wrong(example, $"has {values} values to be found; expected {outputs * steps}, {outputs} a step");
            case ModelTask.Regressor when !numbers.EachStep && values != outputs && values != outputs * steps:
                throw Wrong(example, $"has {values} values to be found; expected {outputs}, at every step or once");
        }
    }

    /// <summary>The error about an example.</summary>
    public static InvalidDataException Wrong(NumberExample example, string sentence) => new($"{example.Name}: {sentence}");
}
