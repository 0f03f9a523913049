using Microsoft.AspNetCore.Http.Features;

namespace RnnService.Server.Requests;

/// <summary>
/// Answers HEAD wherever GET is answered: monitors and load balancers probe with it. The request goes its way as a GET whose body is
/// thrown away, so that no route has to know; one whose body is dear to make looks at <see cref="RequestFacts.IsHead"/>.
/// </summary>
internal static class HeadRequests
{
    public static IApplicationBuilder UseHeadRequests(this IApplicationBuilder app) =>
        app.Use(next => context => HttpMethods.IsHead(context.Request.Method) ? AnswerAsync(context, next) : next(context));

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        RequestFacts.Of(context).IsHead = true;
        IHttpResponseBodyFeature body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null, body));
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Method = HttpMethods.Head;
        }
    }
}
