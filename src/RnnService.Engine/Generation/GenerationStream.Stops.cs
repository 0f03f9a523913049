using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>How a stream finds the strings that end it.</summary>
public sealed partial class GenerationStream
{
    /// <summary>Whether a stop string ends where the text does, or where it is of subwords inside the newest one.</summary>
    /// <param name="added">Characters of the newest token.</param>
    private bool EndsWithStop(int added)
    {
        int ends = _tokenizer.Kind == Tokenization.Subwords ? added : 1;
        foreach (string stop in _options.Stop)
        {
            int last = _tail.Length + _text.Length - stop.Length;
            for (int from = last; from > last - ends && from >= 0; from--)
            {
                int i = 0;
                while (i < stop.Length && At(from + i) == stop[i]) i++;
                if (i == stop.Length) return true;
            }
        }

        return false;
    }

    /// <summary>What a stop string may begin with that ends later: none of what one has ended with.</summary>
    private string Tail()
    {
        int all = _tail.Length + _text.Length, most = _options.Stop.Select(stop => stop.Length - 1).DefaultIfEmpty(0).Max();
        if (Finished == FinishReason.StopSequence || most == 0) return "";
        return string.Create(Math.Min(all, most), this, static (tail, stream) =>
        {
            int from = stream._tail.Length + stream._text.Length - tail.Length;
            for (int i = 0; i < tail.Length; i++) tail[i] = stream.At(from + i);
        });
    }

    /// <summary>A character of the generated text and what is kept of the text before.</summary>
    private char At(int index) => index < _tail.Length ? _tail[index] : _text[index - _tail.Length];
}
