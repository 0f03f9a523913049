using System.Text;

namespace RnnService.Audio.Music;

/// <summary>A file of tunes with empty lines between, as running text for a language model.</summary>
/// <param name="Text">
/// The tunes whose bars add up, an empty line after each: X:1, metre, unit and key, then notes in the shortest writing, grace notes, groups, broken pairs,
/// bars, endings and changes of metre, unit or key; without titles, slurs, texts and decorations.
/// </param>
/// <param name="Tunes">How many of the file's tunes the text has.</param>
/// <param name="Unread">Tunes that are left out because they cannot be read.</param>
/// <param name="Uneven">Those whose bars do not add up.</param>
public sealed record AbcBook(string Text, int Tunes, int Unread, int Uneven)
{
    /// <summary>The most other keys for a tune.</summary>
    public const int MostKeys = 6;

    /// <summary>What stands after every tune: the end of its last line and an empty one.</summary>
    public const string Between = "\n\n";

    /// <summary>Reads a file of tunes.</summary>
    /// <param name="text">The file.</param>
    /// <param name="keys">How often the tunes follow once more: see <see cref="WithKeys"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of keys is not from 0 to <see cref="MostKeys"/>.</exception>
    public static AbcBook Read(string text, int keys = 0)
    {
        int unread = 0, uneven = 0;
        var tunes = new List<string>();
        foreach (string tune in AbcSyntax.Between().Split(text).Where(tune => !string.IsNullOrWhiteSpace(tune)))
        {
            if (new AbcForm(tune).Write() is not { } written || Read(written) is not { } read) unread++;
            else if (read.UnevenBars().Count > 0) uneven++;
            else tunes.Add(written);
        }

        return new AbcBook(WithKeys(string.Concat(tunes.Select(tune => $"{tune}\n")), keys), tunes.Count, unread, uneven);
    }

    /// <summary>Tunes, and after them the same in other keys.</summary>
    /// <param name="text">The tunes, as <see cref="Text"/> has them.</param>
    /// <param name="keys">
    /// How often the tunes follow once more, each in another key: of those near it by fifths with at most four flats or five sharps and notes from G to e'',
    /// the tunes in turn taking others first.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number of keys is not from 0 to <see cref="MostKeys"/>.</exception>
    public static string WithKeys(string text, int keys)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keys);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keys, MostKeys);
        if (keys == 0) return text;
        var all = new StringBuilder(text);
        string[][] moved = [.. text.Split(Between, StringSplitOptions.RemoveEmptyEntries).Select(tune => AbcTransposition.Keys(tune).ToArray())];
        for (int pass = 0; pass < keys; pass++)
        {
            for (int i = 0; i < moved.Length; i++)
            {
                if (pass < moved[i].Length) all.Append(moved[i][(i + pass) % moved[i].Length]).Append('\n');
            }
        }

        return all.ToString();
    }

    private static AbcTune? Read(string tune)
    {
        try
        {
            return AbcTune.Parse(tune);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
