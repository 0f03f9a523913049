using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Recipes;

/// <summary>What comes out when somebody trains on some hundred texts of their own and says nothing else.</summary>
public sealed class SmallCorpusTests : IDisposable
{
    private static readonly string Tickets = Path.Combine(AppContext.BaseDirectory, "TestData", "tickets");

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_classifier_of_600_tickets_is_no_worse_than_naive_Bayes()
    {
        LabelledText[] unseen = [.. Corpus.ReadLabelled(Source("tickets-held-out.csv"))];
        CorpusSource train = Source("tickets.csv");
        double bar = new NaiveBayes([.. Corpus.ReadLabelled(train)]).Accuracy(unseen);

        Recipe recipe = DefaultRecipes.For(ModelTask.Classifier, [train], [], DefaultRecipes.Count(ModelTask.Classifier, [train]), []);
        new Trainer(recipe, new RunFolders { Data = "", Output = _folder["model"] }).Run(cancellationToken: TestContext.Current.CancellationToken);
        using var model = (Classifier)ModelFolder.Load(_folder["model"]).Model;
        double accuracy = Evaluator.Evaluate(model, unseen).Confusion.Accuracy;

        Assert.InRange(bar, 0.7, 0.9); // neither trivial nor hopeless
        Assert.True(accuracy >= bar, $"{accuracy:P1} of the unseen tickets are right; naive Bayes gets {bar:P1}");
    }

    private static CorpusSource Source(string name) => new() { Path = Path.Combine(Tickets, name), Format = CorpusFormat.Csv };
}
