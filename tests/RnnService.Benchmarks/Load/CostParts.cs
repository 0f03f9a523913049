namespace RnnService.Benchmarks.Load;

/// <summary>What the service costs beyond computing.</summary>
internal static class CostParts
{
    private const double Megabyte = 1e6;

    /// <summary>Time until ready and memory, with the models that are shipped.</summary>
    public static async Task StartAsync(LoadModels models)
    {
        var ready = new List<double>();
        var used = new List<double>();
        var atStart = new List<double>();
        var atWork = new List<double>();
        for (int round = 0; round < 5; round++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(LoadModels.Shipped);
            ready.Add(service.ReadyAfter);
            used.Add(service.ProcessorTime);
            atStart.Add(service.Resident / Megabyte);
            using var connection = new Connection(service.Port);
            for (int i = 0; i < 50; i++)
            {
                await connection.PostAsync(Connection.Request("/classify", """{"inputs": ["a lovely film", "two hours I will never get back"]}"""));
                await connection.PostAsync(Connection.Request("/tag", """{"inputs": "Marie Curie worked in Paris."}"""));
                await connection.PostAsync(Connection.Request("/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 40}}"""));
            }

            atWork.Add(service.Resident / Megabyte);
            await Task.Yield();
        }

        Console.WriteLine(FormattableString.Invariant($"""

            The service with the shipped models, medians of {ready.Count} starts

            | what | found | goal | |
            |---|---|---|---|
            | seconds until ready | {Quantiles.Median(ready):F2} | 1.5 | {Goal.Met(Quantiles.Median(ready) <= 1.5)} |
            | seconds of processor time until ready | {Quantiles.Median(used):F2} | | |
            | MB resident, ready | {Quantiles.Median(atStart):F0} | 200 | {Goal.Met(Quantiles.Median(atStart) <= 200)} |
            | MB resident, after 150 requests | {Quantiles.Median(atWork):F0} | 200 | {Goal.Met(Quantiles.Median(atWork) <= 200)} |
            """));
    }
}
