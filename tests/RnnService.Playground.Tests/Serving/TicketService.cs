using RnnService.Engine.Models;
using RnnService.Training;

[assembly: AssemblyFixture(typeof(TicketService))]
namespace RnnService.Playground.Tests.Serving;

/// <summary>The service as a user has it: the shipped models, models of the user's own, a classifier of tickets among them, and a folder that is no model.</summary>
public sealed class TicketService : PlaygroundService
{
    /// <summary>The classifier's name, and that of the folder without a model.</summary>
    public const string Tickets = "tickets", Broken = "unfinished";

    /// <summary>What the classifier knows.</summary>
    public static readonly string[] Labels = ["billing", "login", "shipping"];

    private static readonly string[][] Subjects =
    [
        ["the invoice is wrong", "my card was charged twice", "I want a refund of the fee", "the payment failed"],
        ["the password is not accepted", "I cannot sign in", "my account is locked", "the code for the login never comes"],
        ["the parcel never came", "my order is late", "the courier lost the package", "where is my delivery"],
    ];

    private static readonly string[] Frames = ["{0}", "hello, {0}", "{0}, please help", "since Monday {0}", "{0} and nobody answers"];

    private readonly string _folder = Directory.CreateTempSubdirectory("rnn-tickets-").FullName;

    protected override string ModelsPath
    {
        get
        {
            ShippedModels.LinkInto(_folder);
            using TrainedModel<Classifier> trained = ClassifierTrainer.Train(
                from label in Enumerable.Range(0, Labels.Length)
                from subject in Subjects[label]
                from frame in Frames
                select (string.Format(frame, subject), Labels[label]));
            trained.Save(Path.Combine(_folder, Tickets));
            TinyModels.SaveInto(_folder);
            Directory.CreateDirectory(Path.Combine(_folder, Broken));
            return _folder;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (string name in ShippedModels.Names.Where(name => Directory.Exists(Path.Combine(_folder, name)))) Directory.Delete(Path.Combine(_folder, name));
        Directory.Delete(_folder, recursive: true);
    }
}
