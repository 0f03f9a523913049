using System.IO.Compression;
using System.Text;

namespace RnnService.Training.Tests;

/// <summary>A folder of its own for one test's files, gone afterwards.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-test-");

    public string this[string name] => Path.Combine(_folder.FullName, name);

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    public string WritePacked(string name, string text)
    {
        using (var file = File.Create(this[name]))
        using (var packing = new GZipStream(file, CompressionLevel.Fastest))
        {
            packing.Write(Encoding.UTF8.GetBytes(text));
        }

        return this[name];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
