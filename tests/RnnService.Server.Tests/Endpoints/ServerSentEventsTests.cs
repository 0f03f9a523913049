using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using RnnService.Server.Endpoints;

namespace RnnService.Server.Tests.Endpoints;

public sealed class ServerSentEventsTests
{
    /// <summary>What may begin a stop string is kept back, so that the first tokens of a text can be no event yet.</summary>
    [Fact]
    public async Task Nothing_is_sent_before_the_first_event()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.MapGet("/events", async context =>
        {
            using var events = new ServerSentEvents(context.Response);
            await events.FlushAsync(cancel);
            Assert.False(context.Response.HasStarted);
            events.Write(new { Text = "a" });
            await events.FlushAsync(cancel);
        });
        await app.StartAsync(cancel);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using HttpResponseMessage answer = await client.GetAsync("/events", cancel);
        Assert.Equal("text/event-stream; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("data:{\"text\":\"a\"}\n\n", await answer.Content.ReadAsStringAsync(cancel));
    }
}
