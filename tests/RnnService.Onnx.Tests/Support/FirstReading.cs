using RnnService.Onnx.Format;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Tests.Import;
using Xunit;

[assembly: AssemblyFixture(typeof(RnnService.Onnx.Tests.Support.FirstReading))]

namespace RnnService.Onnx.Tests.Support;

/// <summary>
/// Reads every fixture once before any test: what libraries set up at their first use, whichever test that is, is not memory that a file
/// takes.
/// </summary>
public sealed class FirstReading
{
    public FirstReading()
    {
        foreach (string name in ImportCase.Names)
        {
            string file = ImportCase.Fixture(name + ".onnx");
            OnnxImport.Open(file);
            byte[] content = File.ReadAllBytes(file);
            Assert.Throws<OnnxFormatException>(() => OnnxFile.Read(new MemoryStream(content[..(content.Length / 2)]), name));
        }
    }
}
