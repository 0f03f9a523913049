using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>What a programmer types first: a path in, text in, answers out.</summary>
public sealed class LibraryTests : IDisposable
{
    private static readonly string[] Texts = ["the cat sat", "", "a dog 😀 sat on the cat", "dog", "the dog sat. the cat sat."];

    private readonly string _folder = Directory.CreateTempSubdirectory("rnn-library-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_classifier_ranks_all_labels_of_a_text_alone_as_in_any_batch()
    {
        using Classifier classifier = Classifier.Load(Save(Tiny.Classifier()));
        IReadOnlyList<IReadOnlyList<LabelScore>> together = classifier.Classify(Texts);
        for (int i = 0; i < Texts.Length; i++)
        {
            IReadOnlyList<LabelScore> alone = classifier.Classify(Texts[i]);
            Assert.Equal(alone, together[i]);
            Assert.Equal(classifier.Labels.Order(), alone.Select(label => label.Label).Order());
            Assert.Equal(alone.OrderByDescending(label => label.Score), alone);
            Assert.Equal(1, alone.Sum(label => label.Score), 1e-5);
            float[] logits = classifier.Logits([classifier.Encode(Texts[i])])[0];
            Assert.Equal(logits.Max(), classifier.Classify(Texts[i], ScoreFunction.None)[0].Score);
        }

        Assert.Empty(classifier.Classify([]));
        Assert.NotNull(classifier.Warning("zzz"));
        Assert.Null(classifier.Warning("the cat"));
    }

    [Fact]
    public void Spans_of_a_tagger_stand_where_their_offsets_say_in_UTF16_and_in_code_points()
    {
        using Tagger tagger = Tagger.Load(Save(Tiny.Tagger()));
        IReadOnlyList<IReadOnlyList<TaggedSpan>> spans = tagger.Tag(Texts), words = tagger.TagWords(Texts);
        for (int i = 0; i < Texts.Length; i++)
        {
            Assert.Equal(tagger.Tag(Texts[i]), spans[i]);
            Assert.Equal(tagger.Split(Texts[i]).Select(word => (word.Text, word.Start, word.End)), words[i].Select(word => (word.Text, word.Start, word.End)));
            int[] points = [.. Texts[i].EnumerateRunes().Select(rune => rune.Value)];
            foreach (TaggedSpan span in spans[i].Concat(words[i]))
            {
                Assert.Equal(span.Text, Texts[i][span.Start..span.End]);
                Assert.Equal(span.Text.EnumerateRunes().Select(rune => rune.Value), points[span.CodePointStart..span.CodePointEnd]);
            }
        }

        TaggedSpan dog = tagger.TagWords("a 😀 dog")[^1];
        Assert.Equal(("dog", 5, 4), (dog.Text, dog.Start, dog.CodePointStart));
    }

    [Fact]
    public async Task A_language_model_continues_alike_step_by_step_asynchronously_and_in_a_batch()
    {
        using LanguageModel model = LanguageModel.Load(Save(Tiny.Language()));
        var options = new GenerationOptions { MaxNewTokens = 12, Seed = 7, TopNTokens = 2 };
        string[] prompts = ["the cat", "a", "dog"];
        IReadOnlyList<string> together = model.Complete(prompts, options);
        for (int i = 0; i < prompts.Length; i++)
        {
            IEnumerable<GeneratedToken> generated = model.Generate(prompts[i], options);
            GeneratedToken[] steps = [.. generated];
            Assert.Equal(steps.Select(token => token.Token), generated.Select(token => token.Token)); // each enumeration begins anew
            var awaited = new List<GeneratedToken>();
            await foreach (GeneratedToken token in model.GenerateAsync(prompts[i], options, TestContext.Current.CancellationToken)) awaited.Add(token);
            Assert.Equal(steps.Select(token => token.Token), awaited.Select(token => token.Token));
            Assert.Equal(string.Concat(steps.Select(token => token.Text)), together[i]);
            Assert.Equal(together[i], model.Complete(prompts[i], options));
            Assert.All(steps, token => Assert.Equal(2, token.Alternatives.Count));
        }
    }

    [Fact]
    public async Task Generation_ends_before_the_next_token_when_it_is_cancelled()
    {
        using var model = (LanguageModel)Tiny.Language();
        using var stop = new CancellationTokenSource();
        int count = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedToken _ in model.GenerateAsync("the cat", new() { MaxNewTokens = 500, Seed = 1 }, stop.Token))
            {
                if (++count == 3) stop.Cancel();
            }
        });
        Assert.Equal(3, count);
    }

    [Fact]
    public void What_options_leave_out_is_the_models_own_choice()
    {
        var model = (LanguageModel)Tiny.Language();
        using var choosy = (LanguageModel)TextModel.Create(
            model.Config with { Generation = new GenerationOptions { MaxNewTokens = 4, Temperature = 0, TopK = 3 } }, model.Vocabulary, model.Parameters);
        GenerationOptions merged = new GenerationOptions { Temperature = 0.5f, Seed = 7 }.Over(choosy.DefaultOptions);
        Assert.Equal((4, 0.5f, 3, 7ul), (merged.MaxNewTokens, merged.Temperature, merged.TopK, merged.Seed));
        Assert.Equal(1, new GenerationOptions { TopP = 1 }.Over(new GenerationOptions { TopP = 0.5f }).TopP);
        Assert.Equal(4, choosy.Generate("the").Count());
        Assert.Equal(2, choosy.Generate("the", new() { MaxNewTokens = 2 }).Count());
        Assert.Equal(choosy.Complete("the"), choosy.Complete("the"));
        Assert.Equal(200, model.DefaultOptions.MaxNewTokens);
    }

    [Fact]
    public void Another_kind_of_model_is_refused_with_file_field_and_both_kinds()
    {
        string path = Save(Tiny.Tagger());
        string message = Assert.Throws<ModelFolderException>(() => Classifier.Load(path)).Message;
        Assert.Equal($"{Path.Combine(path, "config.json")}: task is tagger; expected classifier", message);
        Assert.Contains("no such folder", Assert.Throws<ModelFolderException>(() => Tagger.Load(Path.Combine(_folder, "none"))).Message, StringComparison.Ordinal);
    }

    private string Save(TextModel model)
    {
        string path = Path.Combine(_folder, model.GetType().Name);
        ModelFolder.Save(path, model, "the cat");
        return path;
    }
}
