using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

/// <summary>What a new model takes over from its corpus.</summary>
public sealed class VocabularyTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_taggers_labels_words_and_characters_are_those_of_the_corpus()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "tagger", "model.lower_case=true");
        _folder.Write("train.conll", "Zoo\tN\nruns\tV\n\nzoo\tN\nA\tD\n\nzebra\tN\n");
        _folder.Write("valid.conll", "zoo\tN\n");
        var model = (TextModel)Objective.Create(recipe, _folder[""]).Model;
        Assert.Equal(["D", "N", "V"], model.Config.Labels);
        // Words as the model reads them; characters as they are written, those seen three times.
        Assert.All(["zoo", "runs", "a", "zebra"], word => Assert.True(model.Vocabulary.Tokens.Contains(word), word));
        Assert.All(["Zoo", "A"], word => Assert.False(model.Vocabulary.Tokens.Contains(word), word));
        Assert.True(model.Vocabulary.Characters!.Contains("o"));
        Assert.All(["Z", "b", "z"], character => Assert.False(model.Vocabulary.Characters.Contains(character), character));
    }

    [Theory]
    [InlineData("whitespace", true)]
    [InlineData("characters", false)]
    public void A_language_model_of_words_has_the_end_of_a_line(string tokenizer, bool end)
    {
        Recipe recipe = TinyRecipes.Write(_folder, "language_model", $"model.tokenizer={tokenizer}");
        Assert.Equal(end, ((TextModel)Objective.Create(recipe, _folder[""]).Model).Vocabulary.Tokens.Contains(Vocabulary.End));
    }
}
