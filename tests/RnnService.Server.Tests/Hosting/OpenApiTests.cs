using System.Text.Encodings.Web;
using System.Text.Json;

namespace RnnService.Server.Tests.Hosting;

public sealed class OpenApiTests(SharedService shared)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_committed_document_is_the_one_that_is_served()
    {
        JsonElement served = await DocumentAsync();
        Repository.Compare("docs/openapi.json", JsonSerializer.Serialize(served, Readable) + "\n");
    }

    private async Task<JsonElement> DocumentAsync()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken);
        return await answer.JsonAsync();
    }
}
