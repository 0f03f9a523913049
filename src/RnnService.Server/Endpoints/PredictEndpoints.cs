using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Options;

namespace RnnService.Server.Endpoints;

/// <summary>Answers numbers with numbers: values of a sequence or of its steps, or the steps that follow.</summary>
internal static class PredictEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        LimitOptions limits = routes.ServiceProvider.GetRequiredService<LimitOptions>();
        routes.MapInference("/predict", call => AnswerAsync(call, limits))
            .WithName("predict")
            .WithSummary("Predict numbers from numbers")
            .WithDescription(
                "A regressor answers with values of the sequence or of each step, a forecaster with the steps that follow. One sequence is answered with an object, a list with a list. "
                + "No shipped model answers: those of the examples are one's own.")
            .WithTags("Numbers")
            .Accepts<PredictRequest>("application/json")
            .Produces<Prediction>()
            .WithMetadata(new RequestExample(NumberExample.Predict, "values"), new AnswerExample(NumberExample.Predicted, Name: "values"))
            .WithMetadata(new RequestExample(NumberExample.Forecast, "forecast"), new AnswerExample(NumberExample.Forecasted, Name: "forecast"))
            .WithMetadata(new AnswersTexts(typeof(Prediction), OrOne: true));
    }

    public static async Task<IResult> AnswerAsync(InferenceCall call, LimitOptions limits)
    {
        NumberQuestion<PredictRequest> question = await NumberQuestion.ReadAsync<PredictRequest>(call, limits);
        var served = (ServedNumbers)await call.EitherAsync<ServedRegressor, ServedForecaster>(question.Name);
        TextAnswers<float[]> outputs = await question.ComputeAsync(call, served, limits,
            (count, steps) => (served.NumberModel.Numbers.EachStep ? steps : count) * served.NumberModel.Outputs * InspectEndpoints.BytesOfNumber);
        return question.Answer(outputs, (found, _) => Of(served, found));
    }

    /// <summary>What a sequence's outputs mean.</summary>
    private static Prediction Of(ServedNumbers served, float[] outputs) => served is ServedForecaster forecaster
        ? new Prediction { Forecast = NumberAnswers.Rows(forecaster.Model.Values(outputs)[^forecaster.Model.Outputs..], served.Features) }
        : new Prediction { Values = NumberAnswers.Rows(((ServedRegressor)served).Model.Values(outputs), served.NumberModel.Outputs) };
}
