using NAudio.Midi;
using RnnService.Audio.Music;

namespace RnnService.Audio.Tests.Music;

public sealed class MidiTuneTests
{
    private static List<MidiEvent> Events(string tune)
    {
        using var content = new MemoryStream();
        MidiTune.Write(AbcTune.Parse(tune), content);
        var file = new MidiFile(new MemoryStream(content.ToArray()), strictChecking: true);
        Assert.Equal((0, 1, AbcTune.TicksOfWhole / 4), (file.FileFormat, file.Tracks, file.DeltaTicksPerQuarterNote));
        return [.. file.Events[0]];
    }

    /// <summary>Notes as pitch@begin*length, in eighths.</summary>
    private static string Notes(string tune) => string.Join(" ", Events(tune).OfType<NoteOnEvent>().Where(note => note.Velocity > 0)
        .Select(note => FormattableString.Invariant($"{note.NoteNumber}@{Eighths(note.AbsoluteTime)}*{Eighths(note.NoteLength)}")));

    private static double Eighths(long ticks) => Math.Round((double)ticks / (AbcTune.TicksOfWhole / 8), 3);

    [Theory]
    [InlineData("GABc|d4|]", "67@0*1 69@1*1 71@2*1 72@3*1 74@4*4")]
    [InlineData("|:F2^c2:|", "66@0*2 73@2*2 66@4*2 73@6*2")] // repeats and the signature
    [InlineData("F^FcF|F4|]", "66@0*1 66@1*1 72@2*1 66@3*1 66@4*4")]
    [InlineData("=FFcF|F4|]", "65@0*1 65@1*1 72@2*1 65@3*1 66@4*4")] // an accidental lasts to the bar's end
    [InlineData("(3GAB G2|]", "67@0*0.667 69@0.667*0.667 71@1.333*0.667 67@2*2")]
    [InlineData("G2 A2-|A4|]", "67@0*2 69@2*6")]
    [InlineData("G2 A2-|B4|]", "67@0*2 69@2*2 71@4*4")] // tied to nothing
    [InlineData("A2-A2-|A2z2|]", "69@0*6")]
    [InlineData("[GB]2-[Gd]2|]", "67@0*4 71@0*2 74@2*2")]
    [InlineData("G>A z2|]", "67@0*1.5 69@1.5*0.5")]
    [InlineData("G4|1A4:|2B4|]", "67@0*4 69@4*4 67@8*4 71@12*4")]
    public void Notes_sound_as_the_tune_is_played(string body, string expected) =>
        Assert.Equal(Ordered(expected), Ordered(Notes($"X:1\nM:4/4\nL:1/8\nK:G\n{body}\n")));

    private static string Ordered(string notes) => string.Join(' ', notes.Split(' ').Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("", 500_000)]
    [InlineData("Q:1/4=90\n", 666_666)]
    [InlineData("Q:3/8=100\n", 400_000)]
    [InlineData("Q:\"Slow\" 1/2=30\n", 1_000_000)]
    [InlineData("Q:240\n", 500_000)]
    [InlineData("Q:Allegro\n", 500_000)]
    public void Tempo_is_the_field_or_120_quarters(string field, int microseconds) => Assert.Equal(
        microseconds, Assert.Single(Events($"X:1\nM:6/8\nL:1/8\n{field}K:G\nG6|]\n").OfType<TempoEvent>()).MicrosecondsPerQuarterNote);

    [Fact]
    public void Metre_and_signature_are_written_where_they_change()
    {
        List<MidiEvent> events = Events("X:1\nM:6/8\nL:1/8\nK:Ador\nG6|A6|[M:2/4][K:Gm]B4|c4|]\n");
        Assert.Equal(["6/3@0", "2/2@12"], events.OfType<TimeSignatureEvent>().Select(one => $"{one.Numerator}/{one.Denominator}@{Eighths(one.AbsoluteTime)}"));
        Assert.Equal(["1 0@0", "-2 1@12"], events.OfType<KeySignatureEvent>().Select(one => $"{(sbyte)one.SharpsFlats} {one.MajorMinor}@{Eighths(one.AbsoluteTime)}"));
    }
}
