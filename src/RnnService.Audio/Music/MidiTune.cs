using System.Numerics;
using NAudio.Midi;

namespace RnnService.Audio.Music;

/// <summary>Writes tunes as MIDI files (Standard MIDI File 1.0, format 0). Safe for any number of threads.</summary>
public static class MidiTune
{
    private const int Channel = 1, Velocity = 96;
    private const int MostTempo = 0xFFFFFF; // three bytes of microseconds
    private const double UsualTempo = 30; // whole notes a minute: 120 quarters

    /// <summary>
    /// Writes the tune as it is played: parts repeated, endings chosen, tied notes as one, with metre, signature and tempo where they change. Without a
    /// tempo (<c>Q:</c>) 120 quarter notes take a minute.
    /// </summary>
    public static void Write(AbcTune tune, Stream output)
    {
        var events = new MidiEventCollection(midiFileType: 0, deltaTicksPerQuarterNote: (int)(AbcTune.TicksOfWhole / 4));
        var held = new Dictionary<int, long>(); // pitch to where it began
        AbcBar? before = null;
        long at = 0;
        foreach (AbcBar bar in tune.Played())
        {
            Describe(bar, before);
            before = bar;
            foreach (AbcNote note in bar.Notes)
            {
                foreach (int pitch in held.Keys.Except(note.Pitches).ToArray()) End(pitch); // tied to nothing
                foreach (int pitch in note.Pitches) held.TryAdd(pitch, at);
                at += note.Ticks;
                if (note.IsTied) continue;
                foreach (int pitch in note.Pitches) End(pitch);
            }
        }

        foreach (int pitch in held.Keys.ToArray()) End(pitch);
        events.PrepareForExport();
        using var content = new MemoryStream(); // lengths are written last, where an output may only go forward
        MidiFile.Export(content, events);
        output.Write(content.ToArray());

        void Describe(AbcBar bar, AbcBar? last)
        {
            if (bar.Metre != last?.Metre)
                events.AddEvent(new TimeSignatureEvent(at, bar.Metre.Beats, BitOperations.Log2((uint)bar.Metre.Unit), 24, 8), 0);
            if (last is null || bar.Signature != last.Signature || bar.IsMinor != last.IsMinor)
                events.AddEvent(new KeySignatureEvent(Math.Clamp(bar.Signature, -7, 7), bar.IsMinor ? 1 : 0, at), 0);
            if (last is null || bar.Tempo != last.Tempo)
                events.AddEvent(new TempoEvent((int)Math.Clamp(60e6 / (4 * (bar.Tempo ?? UsualTempo)), 1, MostTempo), at), 0);
        }

        void End(int pitch)
        {
            held.Remove(pitch, out long from);
            var note = new NoteOnEvent(from, Channel, pitch, Velocity, (int)(at - from));
            events.AddEvent(note, 0);
            events.AddEvent(note.OffEvent!, 0);
        }
    }
}
