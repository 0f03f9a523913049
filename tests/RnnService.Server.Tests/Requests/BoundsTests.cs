using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Server.Endpoints;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>Of every bounded number the bound itself is accepted and the next one is not.</summary>
public sealed class BoundsTests(SharedService shared)
{
    /// <summary>How far these go is the model's or the session's to say.</summary>
    private static readonly string[] Elsewhere = ["layer", "first_unit", "at", "position", "num_beams", "num_return_sequences"];

    public static TheoryData<string, string> Numbers => [.. Requests.SelectMany(request => RequestSchema.Of(request.Type).Fields
        .SelectMany(group => group.Nested?.Fields.Where(one => one.Value is not null && one.Form is JsonForm.Number or JsonForm.WholeNumber && !Elsewhere.Contains(one.Name)).Select(one => (Group: group.Name, Field: one.Name)) ?? [])
        .Select(one => (request.Route, $"{one.Group}.{one.Field}")))];

    private static (string Route, Type Type)[] Requests =>
        [("/generate", typeof(GenerateRequest)), ("/classify", typeof(ClassifyRequest)), ("/tag", typeof(TagRequest)), ("/inspect", typeof(InspectRequest))];

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task The_bound_is_accepted_and_the_next_is_not(string route, string path)
    {
        string[] parts = path.Split('.');
        SchemaField field = RequestSchema.Of(Requests.Single(request => request.Route == route).Type).Find(parts[0])!.Nested!.Find(parts[1])!;
        ValueAttribute bounds = field.Value!;
        var limits = new LimitOptions();
        bool whole = field.Form == JsonForm.WholeNumber;
        string least = ValueAttribute.Text(bounds.Least), most = bounds.MostText(limits);
        string below = whole ? Next(least, -1) : Text(double.BitDecrement(bounds.Least));
        string above = whole ? Next(most, 1) : Text(double.BitIncrement(bounds.Most(limits)));
        if (bounds.Unset && below == "-1") below = "-2";

        await ExpectAsync(most, accepted: true);
        await ExpectAsync(above, accepted: false);
        await ExpectAsync(least, accepted: !bounds.Above);
        await ExpectAsync(below, accepted: false);
        if (bounds.Above) await ExpectAsync(Text(double.BitIncrement(bounds.Least)), accepted: true);
        await ExpectAsync("-1", accepted: bounds.Unset || bounds.Least <= -1);
        await ExpectAsync("null", accepted: true);

        async Task ExpectAsync(string value, bool accepted)
        {
            // As few tokens as the field lets, so that the bound alone decides how long it takes.
            string more = route == "/generate" && parts[1] != "max_new_tokens" ? ", \"max_new_tokens\": 1" : "";
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync(
                route, $$"""{"inputs": "a",{{(route == "/inspect" ? "\"model\": \"sentiment\", " : "")}} "{{parts[0]}}": {"{{parts[1]}}": {{value}}{{more}} } }""");
            if (accepted)
            {
                Assert.True(answer.IsSuccessStatusCode, $"{path} = {value}: {(int)answer.StatusCode}");
                return;
            }

            JsonElement problem = await answer.IsProblemAsync(422, "validation");
            Assert.Equal([path], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        }

        static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
        static string Next(string number, int step) =>
            (Int128.Parse(number, CultureInfo.InvariantCulture) + step).ToString(CultureInfo.InvariantCulture);
    }

    public static TheoryData<string, string, int, int> Counts => new()
    {
        { "/classify", "inputs", 64, 20_000 }, { "/tag", "inputs", 64, 20_000 }, { "/generate", "parameters.stop", 4, 100 },
    };

    [Theory]
    [MemberData(nameof(Counts))]
    public async Task A_list_and_a_text_may_be_as_long_as_the_bound_and_no_longer(string route, string path, int count, int length)
    {
        await ExpectAsync([.. Enumerable.Repeat("a", count)], true);
        await ExpectAsync([.. Enumerable.Repeat("a", count + 1)], false);
        await ExpectAsync([new string('a', length)], true);
        await ExpectAsync([new string('a', length + 1)], false);
        await ExpectAsync([string.Concat(Enumerable.Repeat("😀", length))], true);

        async Task ExpectAsync(string[] list, bool accepted)
        {
            JsonNode value = JsonSerializer.SerializeToNode(list)!;
            JsonObject body = path == "inputs" ? new() { ["inputs"] = value }
                : new() { ["inputs"] = "a", ["parameters"] = new JsonObject { ["stop"] = value, ["max_new_tokens"] = 1 } };
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body.ToJsonString());
            if (accepted) Assert.True(answer.IsSuccessStatusCode, $"{route} {list.Length} of {list[0].Length}: {(int)answer.StatusCode}");
            else await answer.IsProblemAsync(422, "validation");
        }
    }
}
