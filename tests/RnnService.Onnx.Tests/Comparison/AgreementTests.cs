using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using Xunit;

namespace RnnService.Onnx.Tests.Comparison;

public sealed class AgreementTests
{
    public static TheoryData<string> Tasks => ["language model", "classifier", "tagger"];

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_model_agrees_with_itself(string task)
    {
        Assert.Equal(0, Agreement.Compare(New(task), New(task), "a cat sat").Largest);
        Agreement.Check(New(task), New(task));
    }

    [Theory]
    [InlineData("language model", ", token 2; expected at most 1E-05")]
    [InlineData("classifier", ", step 0, label \"positive\"; expected at most 1E-05")]
    [InlineData("tagger", ", label \"positive\"; expected at most 1E-05")]
    public void A_difference_is_said_with_its_place(string task, string message)
    {
        TextModel other = New(task, (name, values) => values[2] += name == "head.bias" ? 0.001f : 0);
        Difference difference = Agreement.Compare(New(task), other);
        Assert.InRange(difference.Largest, 0.0009, 0.0011);
        string said = Assert.Throws<DisagreementException>(() => Agreement.Check(New(task), other)).Message;
        Assert.StartsWith("native differs from native by 0.001 at logits", said, StringComparison.Ordinal);
        Assert.EndsWith(message, said, StringComparison.Ordinal);
        Assert.Equal(difference, Agreement.Compare(New(task), other));
    }

    [Fact]
    public void States_are_compared_too()
    {
        TextModel one = New("language model", Blind), other = New("language model", (name, values) =>
        {
            Blind(name, values);
            if (name == "rnn.bias_hh_l1") values[0] += 0.01f;
        });
        Assert.StartsWith("states", Agreement.Compare(one, other).Where, StringComparison.Ordinal);

        // Whatever the state is, the logits are the same.
        static void Blind(string name, float[] values)
        {
            if (name == "head.weight") Array.Clear(values);
        }
    }

    [Fact]
    public void The_answer_to_a_text_is_compared_too()
    {
        // A model whose logits are small beside one of them: the difference that vanishes there shows in the probabilities.
        TextModel one = New("classifier", (name, values) => Tower(name, values, 0));
        TextModel other = New("classifier", (name, values) => Tower(name, values, 0.01f));
        Assert.DoesNotContain("the answer", Agreement.Compare(one, other).Where, StringComparison.Ordinal);
        Assert.Contains("the answer to the text: score ", Agreement.Compare(one, other, "a cat").Where, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Agreement.Compare(New("language model"), New("language model"), ""));

        static void Tower(string name, float[] values, float more)
        {
            if (name == "head.bias") (values[0], values[1], values[2]) = (-1000, more, 0);
        }
    }

    [Fact]
    public void What_is_no_number_agrees_with_nothing()
    {
        TextModel broken = New("classifier", (name, values) => values[0] = name == "head.bias" ? float.NaN : values[0]);
        Assert.Equal(double.PositiveInfinity, Agreement.Compare(New("classifier"), broken).Largest);
        Assert.Equal(double.PositiveInfinity, Agreement.Compare(broken, broken).Largest);
    }

    [Fact]
    public void Models_of_different_forms_are_not_compared()
    {
        Assert.Throws<ArgumentException>(() => Agreement.Compare(New("tagger"), New("classifier")));
        Assert.Throws<ArgumentException>(() => Agreement.Compare(New("language model"), Tiny.Language(layers: 1)));
    }

    private static TextModel New(string task, Action<string, float[]>? change = null)
    {
        TextModel model = task switch
        {
            "language model" => Tiny.Language(),
            "classifier" => Tiny.Classifier(),
            _ => Tiny.Tagger(),
        };
        return TextModel.Create(model.Config, model.Vocabulary, Parameters.From((name, _) =>
        {
            float[] values = model.Parameters.All.Single(parameter => parameter.Name == name).Values.ToArray();
            change?.Invoke(name, values);
            return values;
        }));
    }
}
