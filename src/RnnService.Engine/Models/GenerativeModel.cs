using System.Runtime.ExceptionServices;
using RnnService.Engine.Generation;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>A model that writes text, token by token: what follows a text, or what a source becomes.</summary>
public abstract class GenerativeModel : TextModel
{
    private const int MostTogether = 256; // texts, so that memory does not grow with their number

    private protected GenerativeModel(ModelConfig config, ModelVocabulary vocabulary)
        : base(config, vocabulary)
    {
    }

    /// <inheritdoc/>
    public abstract override ILanguageNetwork Network { get; }

    /// <summary>How it writes text; <see cref="TextModel.Tokenizer"/> but in a translator with a vocabulary of its targets.</summary>
    public virtual Tokenizer TargetTokenizer => Tokenizer;

    /// <summary>What this model's maker chose for callers who ask for nothing else.</summary>
    public abstract GenerationOptions DefaultOptions { get; }

    /// <summary>Prepares to write a text, for a <see cref="NewBatch"/> to move on.</summary>
    /// <param name="text">What is continued, or the source.</param>
    /// <param name="options">How; what is left out is <see cref="DefaultOptions"/>'.</param>
    /// <exception cref="ArgumentException">The text holds nothing that the model reads, or an option is out of its bounds.</exception>
    public abstract GenerationStream NewStream(string text, GenerationOptions? options = null);

    /// <summary>An empty batch for streams of this model.</summary>
    public GenerationBatch NewBatch() => new(Network);

    /// <summary>Moves streams on to their ends, computed together.</summary>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    private protected void Write(IEnumerable<GenerationStream> streams)
    {
        GenerationBatch batch = NewBatch();
        Queue<GenerationStream> waiting = new(streams);
        List<GenerationStream> open = [];
        while (waiting.Count > 0 || open.Count > 0)
        {
            while (open.Count < MostTogether && waiting.TryDequeue(out GenerationStream? next))
            {
                if (next.Finished is null) open.Add(next);
            }

            if (open.Count > 0) batch.Advance(open);
            open.ForEach(ThrowIfFailed);
            open.RemoveAll(stream => stream.Finished is not null);
        }
    }

    private protected static void ThrowIfFailed(GenerationStream stream)
    {
        if (stream.Failure is { } failure) ExceptionDispatchInfo.Throw(failure);
    }
}
